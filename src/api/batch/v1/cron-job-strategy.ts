import { shownSelector } from '../../meta/v1/shown-selector.ts';
import {
  checkChoice,
  checkNonNegative,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { CronJob, CronJobSpec } from '../../types/batch-v1.ts';
import { isCronSchedule } from './cron-schedule-syntax.ts';
import { validateJobSpec } from './job-validation.ts';
import { podNameWarnings } from '../../core/v1/pod-warnings.ts';
import { jobSpecWarnings } from './job-warnings.ts';

const specPath = new FieldPath('spec');
const templatePath = specPath.child('jobTemplate', 'spec');

function validateSpec(spec: CronJobSpec | undefined, old: CronJobSpec | undefined): FieldError[] {
  if (spec === undefined) return [required(specPath.child('schedule'))];
  const { jobTemplate } = spec;
  const job = jobTemplate.spec;
  const errors = [
    ...validateSchedule(spec, old?.schedule.includes('TZ') === true),
    ...checkNonNegative(specPath.child('startingDeadlineSeconds'), spec.startingDeadlineSeconds),
    ...(old !== undefined && old.timeZone === spec.timeZone ? [] : validateTimeZone(spec.timeZone)),
    ...checkChoice(specPath.child('concurrencyPolicy'), spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...(job === undefined ? [] : validateJobSpec(job, templatePath)),
  ];
  if (job?.selector !== undefined) {
    errors.push(
      invalid(templatePath.child('selector'), shownSelector(job.selector), '`selector` will be auto-generated'),
    );
  }
  if (job?.manualSelector === true) {
    errors.push(notSupported(templatePath.child('manualSelector'), true, ['nil', 'false']));
  }
  return [
    ...errors,
    ...checkNonNegative(specPath.child('successfulJobsHistoryLimit'), spec.successfulJobsHistoryLimit),
    ...checkNonNegative(specPath.child('failedJobsHistoryLimit'), spec.failedJobsHistoryLimit),
  ];
}

/** A zone in the schedule itself is only let pass where it stood before zones had a field. */
function validateSchedule({ schedule, timeZone }: CronJobSpec, mayHaveZone: boolean): FieldError[] {
  const path = specPath.child('schedule');
  if (schedule === '') return [required(path)];
  const problem = scheduleProblem(schedule);
  const errors = problem === undefined ? [] : [invalid(path, schedule, problem)];
  if (!schedule.includes('TZ')) return errors;
  if (!mayHaveZone) {
    errors.push(invalid(path, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else if (timeZone !== undefined) {
    errors.push(invalid(path, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function scheduleProblem(schedule: string): string | undefined {
  const [, zone, rest = ''] = /^(?:CRON_)?TZ=(\S*)\s*(.*)$/.exec(schedule) ?? [];
  if (zone === undefined) return isCronSchedule(schedule);
  return isTimeZone(zone) ? isCronSchedule(rest) : `provided bad location ${zone}: unknown time zone ${zone}`;
}

/** Whether a name is one of the time zones; unlike here, its letters are not told apart by the ones who read dates. */
function isTimeZone(zone: string): boolean {
  try {
    if (new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone === '') return false;
  } catch {
    return false;
  }
  const known = Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase() === zone.toLowerCase());
  return known === undefined ? zone.split('/').every((part) => /^[A-Z]/.test(part)) : known === zone;
}

/** A name of the IANA's time zone data. */
function validateTimeZone(zone: string | undefined): FieldError[] {
  if (zone === undefined) return [];
  const path = specPath.child('timeZone');
  if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')];
  const isName = zone.split('/').every((part) => /^(?!\.\.?$)(?!-)[-A-Za-z._0-9+]{1,14}$/.test(part));
  if (!isName) return [invalid(path, zone, `unknown time zone ${zone}`)];
  const link = 'https://www.iana.org/time-zones';
  const isLocal = zone.toLowerCase() === 'local';
  const errors = isLocal ? [invalid(path, zone, `timeZone must be an explicit time zone as defined in ${link}`)] : [];
  // That name alone is one to the real server, too: its own.
  if (zone === 'Local' || isTimeZone(zone)) return errors;
  return [...errors, invalid(path, zone, `unknown time zone ${zone}`)];
}

const specOf = (object: Unstructured): CronJobSpec | undefined => (object as unknown as CronJob).spec;

function jobWarnings(object: Unstructured): string[] {
  return jobSpecWarnings(specOf(object)?.jobTemplate.spec, new FieldPath('spec').child('jobTemplate', 'spec'));
}

/** What the registry does with cron jobs. */
export const cronJobStrategy: Strategy = {
  hasGeneration: true,
  checksMetadata: 'object',
  podSpec: (object) => specOf(object)?.jobTemplate.spec?.template.spec,
  warningsOnCreate: (object) => [...podNameWarnings(object.metadata.name ?? ''), ...jobWarnings(object)],
  warningsOnUpdate: (object, old) =>
    object.metadata.generation === old.metadata.generation ? [] : jobWarnings(object),
  validateCreate(object) {
    const { name = '' } = object.metadata;
    const errors = validateSpec(specOf(object), undefined);
    // Jobs are named after it, with a time.
    if (name.length <= 52) return errors;
    return [...errors, invalid(new FieldPath('metadata').child('name'), name, 'must be no more than 52 characters')];
  },
  validateUpdate: (object, old, context) =>
    context.subresource === '' ? validateSpec(specOf(object), specOf(old)) : [],
};
