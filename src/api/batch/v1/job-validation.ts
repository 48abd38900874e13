import { shownSelector } from '../../meta/v1/shown-selector.ts';
import { validateDomainPrefixedPath } from '../../../apimachinery/domain-prefixed-path.ts';
import {
  checkNonNegative,
  checkOptionalChoice,
  type FieldError,
  FieldPath,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { matchesLabels, validateLabelSelector } from '../../../apimachinery/labels.ts';
import { isDns1123Label } from '../../../apimachinery/names.ts';
import { readSelector } from '../../apps/v1/workload-validation.ts';
import { validatePodTemplate, validateTemplateLabels } from '../../core/v1/pod-template-validation.ts';
import type { Job, JobSpec } from '../../types/batch-v1.ts';
import type { Container, PodTemplateSpec } from '../../types/core-v1.ts';
import { validatePodFailurePolicy, validateSuccessPolicy } from './job-policy-validation.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';

const specPath = new FieldPath('spec');
const templatePath = specPath.child('template');

/** The labels by which pods belong to a job, in their old and new names. */
export function labelsOfJobPods(name: string, uid: string): Record<string, string> {
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
}

/** Checks a job, new or changed (batch validation's ValidateJob). */
export function validateJob(job: Job, old?: Job): FieldError[] {
  const { metadata, spec } = job;
  if (spec === undefined) return [required(specPath.child('selector'))];
  const { completions } = spec;
  const errors = [...validateGeneratedSelector(job, spec, old), ...validateSelectedSpec(spec)];
  if (spec.completionMode === 'Indexed' && completions !== undefined && completions > 0) {
    const name = metadata.name ?? '';
    const hostname = `${name}-${completions - 1}`;
    if (isDns1123Label(hostname).length > 0) {
      const message = `will not able to create pod with invalid DNS label: ${hostname}`;
      errors.push(invalid(new FieldPath('metadata').child('name'), name, message));
    }
  }
  return errors;
}

function validateSelectedSpec(spec: JobSpec): FieldError[] {
  const { selector, template } = spec;
  const at = specPath.child('selector');
  const parsed = readSelector(selector);
  return [
    ...validateJobSpec(spec, specPath),
    ...(selector === undefined ? [required(at)] : validateLabelSelector(selector, at)),
    ...(parsed === 'unreadable' ? [] : validateTemplateLabels(template, parsed, templatePath)),
  ];
}

const prefixedLabels = ['batch.kubernetes.io/controller-uid', 'batch.kubernetes.io/job-name'];

/** A selector that the server makes finds the pods of this job and no others. */
function validateGeneratedSelector({ metadata }: Job, spec: JobSpec, old: Job | undefined): FieldError[] {
  const { manualSelector, selector, template } = spec;
  if (manualSelector === true || selector === undefined) return [];
  const labels = labelsOfJobPods(metadata.name ?? '', metadata.uid ?? '');
  const given = template.metadata?.labels ?? {};
  const at = templatePath.child('metadata', 'labels');
  const errors: FieldError[] = [];
  // Jobs from before there were labels with a prefix need not have them.
  const had = old?.spec?.template.metadata?.labels;
  const isOlder = old !== undefined && !prefixedLabels.every((key) => had?.[key] !== undefined);
  for (const key of ['controller-uid', 'job-name', ...(isOlder ? [] : prefixedLabels)]) {
    const value = labels[key];
    if (given[key] === undefined) errors.push(required(at.key(key), `must be '${value}'`));
    else if (given[key] !== value) errors.push(invalid(at.key(key), given, `must be '${value}'`));
  }
  const parsed = readSelector(selector);
  if (parsed !== undefined && parsed !== 'unreadable' && !matchesLabels(parsed, labels)) {
    errors.push(invalid(specPath.child('selector'), shownSelector(selector), '`selector` not auto-generated'));
  }
  return errors;
}

/** Checks what a job does, of its own or as a cron job will make it. */
export function validateJobSpec(spec: JobSpec, path: FieldPath): FieldError[] {
  const { managedBy, maxFailedIndexes, podFailurePolicy, podReplacementPolicy } = spec;
  const errors = (
    [
      'parallelism',
      'completions',
      'activeDeadlineSeconds',
      'backoffLimit',
      'ttlSecondsAfterFinished',
      'backoffLimitPerIndex',
      'maxFailedIndexes',
    ] as const
  ).flatMap((field) => checkNonNegative(path.child(field), spec[field]));
  if (maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (managedBy !== undefined) {
    errors.push(...validateDomainPrefixedPath(path.child('managedBy'), managedBy));
    if (Buffer.byteLength(managedBy) > 63) errors.push(tooLong(path.child('managedBy'), 63));
  }
  const modes = ['NonIndexed', 'Indexed'];
  const replacements = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return [
    ...errors,
    ...checkOptionalChoice(path.child('completionMode'), spec.completionMode, modes),
    ...(spec.completionMode === 'Indexed' ? validateIndexed(spec, path) : validateNotIndexed(spec, path)),
    ...validatePodFailurePolicy(spec, path.child('podFailurePolicy')),
    ...validateSuccessPolicy(spec, path.child('successPolicy')),
    ...checkOptionalChoice(path.child('podReplacementPolicy'), podReplacementPolicy, replacements),
    ...validatePodTemplate(spec.template, path.child('template')),
    ...validateRestartPolicy(spec, path.child('template', 'spec', 'restartPolicy')),
  ];
}

/** Limits that keep the status of a job with many indexes small (KEP-3850). */
function validateIndexed(spec: JobSpec, path: FieldPath): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const most = 100_000;
  const limit = (field: 'parallelism' | 'maxFailedIndexes', highest: number, when: string): void => {
    const value = spec[field] ?? 0;
    if (value > highest)
      errors.push(invalid(path.child(field), value, `must be less than or equal to ${highest}${when}`));
  };
  if (completions === undefined) errors.push(required(path.child('completions'), 'when completion mode is Indexed'));
  if (parallelism > most) limit('parallelism', most, ' when completion mode is Indexed');
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) {
    errors.push(invalid(path.child('maxFailedIndexes'), maxFailedIndexes, 'must be less than or equal to completions'));
  }
  limit('maxFailedIndexes', most, '');
  if (completions === undefined || completions <= most || backoffLimitPerIndex === undefined) return errors;
  if (maxFailedIndexes === undefined) {
    errors.push(required(path.child('maxFailedIndexes'), `must be specified when completions is above ${most}`));
  }
  const when = ` when completions are above ${most} and used with backoff limit per index`;
  limit('parallelism', 10_000, when);
  limit('maxFailedIndexes', 10_000, when);
  return errors;
}

function validateNotIndexed(spec: JobSpec, path: FieldPath): FieldError[] {
  if (spec.completionMode !== undefined && spec.completionMode !== 'NonIndexed') return [];
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((field) =>
    spec[field] === undefined ? [] : [invalid(path.child(field), spec[field], 'requires indexed completion mode')],
  );
}

/** Pods of a job end; with a policy for failures they never start again. */
function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: FieldPath): FieldError[] {
  const policy = template.spec?.restartPolicy ?? '';
  if (policy === 'Always' || policy === '') return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  if (podFailurePolicy === undefined || policy === 'Never') return [];
  return [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

/**
 * Checks a job that was changed, once more besides `validateJob`, as the real server does. What of it may change: how much of it
 * runs, and while it is suspended where its pods go.
 */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const { spec } = job;
  const before = old.spec;
  if (spec === undefined || before === undefined) return [];
  const errors = validateSelectedSpec(spec);
  const fix = (path: FieldPath, value: unknown, was: unknown, shown = value): void => {
    if (equalSemantic(value ?? null, was ?? null)) return;
    errors.push(invalid(path, shown, 'field is immutable'));
  };
  const at = specPath.child('completions');
  if (spec.completionMode !== 'Indexed') fix(at, spec.completions, before.completions);
  else if (spec.completions !== before.completions && spec.completions !== undefined) {
    if (spec.completions !== spec.parallelism) {
      errors.push(invalid(at, spec.completions, 'can only be modified in tandem with spec.parallelism'));
    }
  }
  fix(specPath.child('selector'), spec.selector, before.selector);
  fixTemplate(old, spec, fix);
  const shown = {
    podFailurePolicy: spec.podFailurePolicy && internalObject('PodFailurePolicy', spec.podFailurePolicy),
    successPolicy: spec.successPolicy && internalObject('SuccessPolicy', spec.successPolicy),
  };
  fix(specPath.child('completionMode'), spec.completionMode, before.completionMode);
  fix(specPath.child('podFailurePolicy'), spec.podFailurePolicy, before.podFailurePolicy, shown.podFailurePolicy);
  fix(specPath.child('backoffLimitPerIndex'), spec.backoffLimitPerIndex, before.backoffLimitPerIndex);
  fix(specPath.child('managedBy'), spec.managedBy, before.managedBy);
  fix(specPath.child('successPolicy'), spec.successPolicy, before.successPolicy, shown.successPolicy);
  return errors;
}

/** A job that does not run, nor did since it was suspended, may get other nodes and resources (KEP-2926, KEP-5440). */
function fixTemplate(
  { spec: before, status }: Job,
  { template }: JobSpec,
  fix: (path: FieldPath, value: unknown, was: unknown, shown?: unknown) => void,
): void {
  const isSuspended =
    status?.startTime === undefined ||
    (status.conditions ?? []).some(({ type, status: value }) => type === 'Suspended' && value === 'True');
  if (before?.suspend !== true) {
    fix(templatePath, template, before?.template, shownTemplate(template));
    return;
  }
  const mayChange = isSuspended && (status?.active ?? 0) === 0;
  if (!mayChange) fix(templatePath, template, before.template, shownTemplate(template));
  else {
    const allowed = withDirectives(before.template, template).spec;
    fix(specPath.child('template.spec'), template.spec, allowed, internalObject('PodSpec', template.spec ?? {}));
  }
}

/** A template as the real server shows it: metadata in its published form, the rest by the names of its Go types. */
function shownTemplate({ metadata, spec }: PodTemplateSpec): object {
  return { ...metadata, Spec: internalObject('PodSpec', spec ?? {}) };
}

/** The template as it was, with what may change as it is. */
function withDirectives(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  if (old.spec === undefined || template.spec === undefined) return old;
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec;
  const others = { ...old.spec.affinity };
  delete others.nodeAffinity;
  const { nodeAffinity } = affinity ?? {};
  const merged = { ...others, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) };
  const hasAffinity = affinity !== undefined || Object.keys(others).length > 0;
  const resourcesOf = (list: Container[] | undefined, from: Container[] | undefined): Container[] | undefined =>
    list?.map((container, index) => {
      const other = from?.[index];
      if (list.length !== from?.length || other?.name !== container.name) return container;
      const { resources: _resources, ...rest } = container;
      return other.resources === undefined ? rest : { ...rest, resources: other.resources };
    });
  const spec = { ...old.spec, nodeSelector, tolerations, schedulingGates, affinity: hasAffinity ? merged : undefined };
  const initContainers = resourcesOf(spec.initContainers, template.spec.initContainers);
  const containers = resourcesOf(spec.containers, template.spec.containers) ?? [];
  return { ...template, spec: withoutUndefined({ ...spec, containers, initContainers }) };
}

function withoutUndefined(spec: object): NonNullable<PodTemplateSpec['spec']> {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as unknown as NonNullable<
    PodTemplateSpec['spec']
  >;
}
