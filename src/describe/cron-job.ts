import type { CronJob, JobTemplateSpec } from '../api/types/batch-v1.ts';
import { type DescribeText, joined, longTime, titleBool } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { describePodTemplate, selectorOrFailure } from './pod-template.ts';

/** A cron job. */
export const describeCronJob: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as CronJob;
  const deadline = spec?.startingDeadlineSeconds;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `Schedule:\t${spec?.schedule ?? ''}`);
  text.line(0, `Concurrency Policy:\t${spec?.concurrencyPolicy ?? ''}`);
  text.line(0, `Suspend:\t${titleBool(spec?.suspend)}`);
  text.line(0, `Time Zone:\t${spec?.timeZone ?? '<unset>'}`);
  text.line(0, `Successful Job History Limit:\t${spec?.successfulJobsHistoryLimit ?? '<unset>'}`);
  text.line(0, `Failed Job History Limit:\t${spec?.failedJobsHistoryLimit ?? '<unset>'}`);
  text.line(0, `Starting Deadline Seconds:\t${deadline === undefined ? '<unset>' : `${deadline}s`}`);
  describeJobTemplate(spec?.jobTemplate, text);
  const last = status?.lastScheduleTime;
  text.line(0, `Last Schedule Time:\t${last === undefined ? '<unset>' : longTime(last)}`);
  text.line(
    0,
    `Active Jobs:\t${joined(
      (status?.active ?? []).map(({ name = '' }) => name),
      ', ',
    )}`,
  );
  await describeEvents(object, text, context);
};

function describeJobTemplate(template: JobTemplateSpec | undefined, text: DescribeText): void {
  const { selector, parallelism, completions, activeDeadlineSeconds, template: pod } = template?.spec ?? {};
  text.line(0, `Selector:\t${selector === undefined ? '<unset>' : selectorOrFailure(selector)}`);
  text.line(0, `Parallelism:\t${parallelism ?? '<unset>'}`);
  text.line(0, `Completions:\t${completions ?? '<unset>'}`);
  if (activeDeadlineSeconds !== undefined) text.line(0, `Active Deadline Seconds:\t${activeDeadlineSeconds}s`);
  describePodTemplate(pod, text);
}
