import { formatDuration } from '../../apimachinery/duration.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { CommandContext } from '../../cli/command.ts';
import { dryRunSuffix, NamePrinter } from '../../printers/name-printer.ts';
import type { DryRun } from '../../resource/dry-run.ts';
import { waitUntilGone, WaitTimeoutError } from '../../resource/wait-until-gone.ts';
import { sleep } from '../../system/clock.ts';
import { isOverdue, type PodFilterOptions } from './pods-to-remove.ts';

/** How pods are taken off nodes. */
export interface Drainer extends PodFilterOptions {
  readonly context: CommandContext;
  readonly dryRun: DryRun;
  readonly disableEviction: boolean;
  /** Negative: what each pod says itself. */
  readonly gracePeriodSeconds: number;
  /** 0: as long as it takes. */
  readonly timeoutMillis: number;
}

/** What keeps a node from being drained: several reasons, or an error of its own. */
export class DrainError extends Error {
  /** Undefined for an error that came alone. */
  readonly reasons: readonly string[] | undefined;

  constructor(reasons: readonly string[] | string) {
    super(typeof reasons === 'string' ? reasons : aggregateText(reasons));
    this.name = 'DrainError';
    this.reasons = typeof reasons === 'string' ? undefined : reasons;
  }

  static of(error: unknown): DrainError {
    if (error instanceof DrainError) return error;
    const message = messageOf(error);
    return Object.assign(new DrainError(message), { cause: error });
  }
}

/** Several errors as one text: a list in brackets, each once. */
export function aggregateText(reasons: readonly string[]): string {
  const different = [...new Set(reasons)];
  return different.length === 1 ? (different[0] ?? '') : `[${different.join(', ')}]`;
}

const retryMillis = 5000;

/** Evicts pods, or deletes them where that is asked for or the server does not evict, and waits until they are gone. */
export async function removePods(pods: readonly Unstructured[], drainer: Drainer): Promise<void> {
  if (pods.length === 0) return;
  const mapper = await (await drainer.context.cluster.discovery()).mapper();
  const mapping = mapper.mappingForArgument('pods');
  const eviction = mapping.resource.subresources.find(({ name }) => name === 'eviction');
  if (!drainer.disableEviction && eviction !== undefined) {
    await evictPods(pods, mapping, eviction.version, drainer);
  } else {
    await deletePods(pods, mapping, drainer);
  }
}

interface Work {
  readonly pod: Unstructured;
  readonly name: string;
  readonly namespace: string;
  readonly mapping: RestMapping;
  readonly resource: ResourceClient;
  /** When it is given up; undefined for never. */
  readonly deadline: number | undefined;
  readonly drainer: Drainer;
}

function workOn(pod: Unstructured, mapping: RestMapping, drainer: Drainer): Work {
  const { name = '', namespace = '' } = pod.metadata;
  const { client, context, timeoutMillis } = drainer;
  const deadline = timeoutMillis === 0 ? undefined : context.clock.now() + timeoutMillis;
  return { pod, name, namespace, mapping, resource: client.resource(mapping.gvr, namespace), deadline, drainer };
}

async function evictPods(
  pods: readonly Unstructured[],
  mapping: RestMapping,
  version: string,
  drainer: Drainer,
): Promise<void> {
  const outcomes = await Promise.allSettled(pods.map((pod) => evictPod(workOn(pod, mapping, drainer), version)));
  const reasons = outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .map(({ reason }) => DrainError.of(reason).message);
  if (reasons.length > 0) throw new DrainError(reasons);
}

async function evictPod(work: Work, version: string): Promise<void> {
  const { name, namespace, drainer, resource, deadline } = work;
  const { clock, streams, signal } = drainer.context;
  const what = `pods/"${name}" -n "${namespace}"`;
  let current = work.pod;
  for (;;) {
    const suffix = drainer.dryRun === 'server' ? dryRunSuffix.server : '';
    if (drainer.dryRun !== 'server') tellStart(current, 'eviction started', drainer);
    streams.out.write(`evicting pod ${namespace}/${name}${suffix}\n`);
    if (deadline !== undefined && clock.now() >= deadline) {
      const limit = formatDuration(drainer.timeoutMillis);
      throw new DrainError(`error when evicting ${what}: global timeout reached: ${limit}`);
    }
    const answer = await tryToEvict(work, version, current, what);
    if (answer === 'gone') return;
    if (answer === 'evicted') break;
    streams.err.write(answer);
    await sleep(clock, retryMillis, signal);
    signal.throwIfAborted();
    current = await resource.get(name).catch(() => current);
  }
  if (drainer.dryRun === 'server') return;
  try {
    await waitForEnd({ ...work, pod: current }, 'evicted', 'eviction failed');
  } catch (error) {
    const { message } = DrainError.of(error);
    throw new DrainError(`error when waiting for pod "${name}" in namespace "${namespace}" to terminate: ${message}`);
  }
}

/** @returns what is said when it is to be tried again */
async function tryToEvict(work: Work, version: string, current: Unstructured, what: string): Promise<string> {
  const { name, namespace, resource, drainer } = work;
  const eviction = {
    kind: 'Eviction',
    apiVersion: `policy/${version}`,
    metadata: { name, namespace },
    deleteOptions: deleteOptions(drainer),
  };
  try {
    await resource.create(eviction, { subresource: 'eviction' });
    return 'evicted';
  } catch (error) {
    if (hasReason(error, 'NotFound')) return 'gone';
    const reason = messageOf(error);
    const later = `(will retry after ${formatDuration(retryMillis)}): ${reason}\n`;
    if (error instanceof StatusError && error.code === 429) return `error when evicting ${what} ${later}`;
    if (isNamespaceEnding(error)) {
      if (current.metadata.deletionTimestamp !== undefined) return 'evicted';
      return `error when evicting pod "${name}" from terminating namespace "${namespace}" ${later}`;
    }
    throw new DrainError(`error when evicting ${what}: ${reason}`);
  }
}

function isNamespaceEnding(error: unknown): boolean {
  if (!hasReason(error, 'Forbidden')) return false;
  return error.status.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;
}

function deleteOptions({ gracePeriodSeconds, dryRun }: Drainer): Readonly<Record<string, unknown>> {
  return {
    ...(gracePeriodSeconds < 0 ? {} : { gracePeriodSeconds }),
    ...(dryRun === 'server' ? { dryRun: ['All'] } : {}),
  };
}

async function deletePods(pods: readonly Unstructured[], mapping: RestMapping, drainer: Drainer): Promise<void> {
  const works = pods.map((pod) => workOn(pod, mapping, drainer));
  for (const { resource, name, pod } of works) {
    try {
      await resource.delete(name, {
        ...(drainer.gracePeriodSeconds < 0 ? {} : { gracePeriodSeconds: drainer.gracePeriodSeconds }),
        ...(drainer.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
      });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
    tellStart(pod, 'deletion started', drainer);
  }
  await Promise.all(works.map((work) => waitForEnd(work, 'deleted', 'deletion failed')));
}

/** From -v=2 on the beginnings are told, too. */
function tellStart(pod: Unstructured, step: string, { context, dryRun }: Drainer): void {
  if (context.globals.int('v') < 2) return;
  context.streams.out.write(new NamePrinter({ operation: `${step}${dryRunSuffix[dryRun]}` }).print(pod));
}

/** Waits until a pod is gone, or has been ending for too long, and says so. */
async function waitForEnd(work: Work, success: string, failure: string): Promise<void> {
  const { pod, name, namespace, mapping, resource, deadline, drainer } = work;
  const { context, skipAfterSeconds, client, dryRun } = drainer;
  const { clock, signal, streams } = context;
  const tell = (operation: string): void =>
    streams.out.write(new NamePrinter({ operation: `${operation}${dryRunSuffix[dryRun]}` }).print(pod));
  for (;;) {
    const limits = [
      ...(deadline === undefined ? [] : [deadline - clock.now()]),
      ...(skipAfterSeconds > 0 ? [1000] : []),
    ];
    if (deadline !== undefined && deadline <= clock.now()) throw new DrainError('context deadline exceeded');
    try {
      const timeoutMillis = limits.length === 0 ? 0 : Math.min(...limits);
      await waitUntilGone(client, mapping, { namespace, name }, pod.metadata.uid ?? '', {
        clock,
        signal,
        timeoutMillis,
      });
      tell(success);
      return;
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) {
        tell(failure);
        throw error;
      }
    }
    const current = await resource.get(name).catch(() => undefined);
    if (current !== undefined && isOverdue(current, drainer)) {
      streams.out.write(`pod "${name}" has DeletionTimestamp older than ${skipAfterSeconds} seconds, skipping\n`);
      return;
    }
  }
}
