import type { Job } from '../api/types/batch-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import { longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { describeController, describePodTemplate, selectorOrFailure } from './pod-template.ts';

/** A job. */
export const describeJob: Describer = async (object, text, context) => {
  const { metadata, spec, status = {} } = object as unknown as Job;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.line(0, `Selector:\t${selectorOrFailure(spec?.selector)}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  describeController(object, text);
  if (spec?.parallelism !== undefined) text.line(0, `Parallelism:\t${spec.parallelism}`);
  text.line(0, `Completions:\t${spec?.completions ?? '<unset>'}`);
  if (spec?.completionMode !== undefined) text.line(0, `Completion Mode:\t${spec.completionMode}`);
  if (spec?.suspend !== undefined) text.line(0, `Suspend:\t${spec.suspend}`);
  if (spec?.backoffLimit !== undefined) text.line(0, `Backoff Limit:\t${spec.backoffLimit}`);
  if (spec?.ttlSecondsAfterFinished !== undefined) {
    text.line(0, `TTL Seconds After Finished:\t${spec.ttlSecondsAfterFinished}`);
  }
  const { startTime, completionTime } = status;
  if (startTime !== undefined) text.line(0, `Start Time:\t${longTime(startTime)}`);
  if (completionTime !== undefined) text.line(0, `Completed At:\t${longTime(completionTime)}`);
  if (startTime !== undefined && completionTime !== undefined) {
    text.line(0, `Duration:\t${humanDuration(Date.parse(completionTime) - Date.parse(startTime))}`);
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    text.line(0, `Active Deadline Seconds:\t${spec.activeDeadlineSeconds}s`);
  }
  const { active = 0, ready, succeeded = 0, failed = 0 } = status;
  const readiness = ready === undefined ? '' : ` (${ready} Ready)`;
  text.line(0, `Pods Statuses:\t${active} Active${readiness} / ${succeeded} Succeeded / ${failed} Failed`);
  if (spec?.completionMode === 'Indexed') {
    const indexes = status.completedIndexes ?? '';
    text.line(0, `Completed Indexes:\t${indexes === '' ? '<none>' : shortIndexes(indexes)}`);
  }
  describePodTemplate(spec?.template, text);
  await describeEvents(object, text, context);
};

/** Cut at the first comma behind 50 characters. */
function shortIndexes(indexes: string): string {
  const cut = indexes.indexOf(',', 50);
  return cut < 0 ? indexes : `${indexes.slice(0, cut + 1)}...`;
}
