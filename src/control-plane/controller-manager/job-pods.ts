import type { Job } from '../../api/types/batch-v1.ts';
import type { Container, Pod } from '../../api/types/core-v1.ts';
import type { IndexSet } from './job-indexes.ts';
import { countsAsFailure, judgeFailure } from './job-policies.ts';
import { podFromTemplate } from './pod-control.ts';
import { comparePodsForDeletion, isPodTerminal } from './pod-facts.ts';

/** Keeps a pod that ended until its job has counted it (KEP-2307). */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
const indexAnnotation = 'batch.kubernetes.io/job-completion-index';
const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count';
const ignoredFailureCountAnnotation = 'batch.kubernetes.io/job-index-ignored-failure-count';
const indexVariable = 'JOB_COMPLETION_INDEX';
const longestGenerateName = 58;

/** The pod has not been counted for good. */
export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed';
}

/** The completion index that a pod works on; undefined for one without a usable index. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation] ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Pods are only replaced when they are over, not when they begin to end (KEP-3939). */
export function replacesFailedOnly(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined;
}

/** Failed, or going away before it could end by itself where such pods are replaced at once. */
export function isPodFailed(pod: Pod, job: Job): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed') return true;
  return !replacesFailedOnly(job) && pod.metadata.deletionTimestamp !== undefined && phase !== 'Succeeded';
}

function annotatedCount(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? '';
  return /^\d+$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : 0;
}

/** How often the index of a pod had failed before it, failures that a policy ignores included. */
export function failuresBefore(pod: Pod): number {
  return annotatedCount(pod, failureCountAnnotation) + annotatedCount(pod, ignoredFailureCountAnnotation);
}

/** Whether a pod's failure is one too many for its index (KEP-3850). */
export function failsItsIndex(pod: Pod, job: Job): boolean {
  const { backoffLimitPerIndex = 0, podFailurePolicy } = job.spec ?? {};
  if (!isPodFailed(pod, job)) return false;
  const { action } = judgeFailure(podFailurePolicy, pod);
  if (action === 'FailIndex') return true;
  return action !== 'Ignore' && annotatedCount(pod, failureCountAnnotation) >= backoffLimitPerIndex;
}

/** A new pod of a job. @param replaced the pod that failed at the same index before; for limits per index */
export function newJobPod(job: Job, index: number | undefined, replaced: Pod | undefined): Pod {
  const pod = podFromTemplate(job.spec?.template ?? {}, job);
  const { metadata, spec } = pod;
  metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), trackingFinalizer])];
  if (index === undefined) return pod;
  const name = job.metadata.name ?? '';
  metadata.annotations = { ...metadata.annotations, [indexAnnotation]: `${index}`, ...failureCounts(job, replaced) };
  metadata.labels = { ...metadata.labels, [indexAnnotation]: `${index}` };
  metadata.generateName = `${name.slice(0, longestGenerateName - `-${index}-`.length)}-${index}-`;
  if (spec !== undefined) {
    spec.hostname = `${name}-${index}`;
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) tellIndex(container);
  }
  return pod;
}

function tellIndex(container: Container): void {
  if (container.env?.some(({ name }) => name === indexVariable) === true) return;
  const valueFrom = { fieldRef: { fieldPath: `metadata.labels['${indexAnnotation}']` } };
  container.env = [...(container.env ?? []), { name: indexVariable, valueFrom }];
}

function failureCounts(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (job.spec?.backoffLimitPerIndex === undefined) return {};
  let failures = 0;
  let ignored = 0;
  if (replaced !== undefined) {
    const counts = countsAsFailure(job.spec.podFailurePolicy, replaced);
    failures = annotatedCount(replaced, failureCountAnnotation) + Number(counts);
    ignored = annotatedCount(replaced, ignoredFailureCountAnnotation) + Number(!counts);
  }
  return {
    [failureCountAnnotation]: `${failures}`,
    ...(ignored > 0 ? { [ignoredFailureCountAnnotation]: `${ignored}` } : {}),
  };
}

// What a deletion costs is only said to replica sets.
const removalOrder = comparePodsForDeletion(
  () => 0,
  () => 0,
);

/** Which active pods go: those with an index twice or none that counts, then as many as are too many. */
export function podsToRemove(job: Job, active: readonly Pod[], surplus: number): Pod[] {
  const removed: Pod[] = [];
  const kept: Pod[] = [];
  const taken = new Set<number>();
  for (const pod of active.toSorted(removalOrder).reverse()) {
    const index = indexOf(pod);
    const isWanted = index !== undefined && index < (job.spec?.completions ?? 0) && !taken.has(index);
    if (index !== undefined) taken.add(index);
    (!isIndexed(job) || isWanted ? kept : removed).push(pod);
  }
  const more = Math.max(0, surplus - removed.length);
  return [...removed, ...kept.reverse().slice(0, more)];
}

/**
 * Failed pods that stay until a new one has taken over how often their index failed, by index: of an index that is
 * neither done, nor given up, nor has a pod.
 */
export function awaitedReplacements(
  job: Job,
  pods: readonly Pod[],
  settled: IndexSet,
  finishTime: (pod: Pod) => number,
): Map<number, Pod> {
  const last = new Map<number, Pod>();
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || index >= (job.spec?.completions ?? 0) || settled.has(index)) continue;
    if (!isPodFailed(pod, job)) continue;
    const known = last.get(index);
    const isLater =
      known === undefined || (failuresBefore(known) <= failuresBefore(pod) && finishTime(pod) >= finishTime(known));
    if (isLater) last.set(index, pod);
  }
  return last;
}

/** Running or waiting pods that restart themselves too often; their restarts count in place of failed pods. */
export function restartsTooOften(job: Job, pods: readonly Pod[]): boolean {
  const { template, backoffLimit = 6 } = job.spec ?? {};
  if (template?.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter((pod) => !isPodTerminal(pod))
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}
