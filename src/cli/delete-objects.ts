import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason, StatusError } from '../apimachinery/status.ts';
import type { Client, DeleteOptions as ApiDeleteOptions } from '../client/client.ts';
import { dryRunSuffix } from '../printers/name-printer.ts';
import type { DryRun } from '../resource/dry-run.ts';
import { resourceOf } from '../resource/resource-access.ts';
import { waitUntilGone } from '../resource/wait-until-gone.ts';
import type { CommandContext } from './command.ts';
import { PrefixedError, throwFailures } from './exit.ts';

/** One object to be deleted. */
export interface DeletionTarget {
  readonly mapping: RestMapping;
  readonly namespace: string;
  readonly name: string;
  /** The manifest it comes from; empty for arguments. */
  readonly source: string;
}

/** How objects are deleted. */
export interface DeletionOptions {
  readonly cascade: 'Background' | 'Orphan' | 'Foreground';
  /** Negative: what each object says itself. */
  readonly gracePeriodSeconds: number;
  readonly force: boolean;
  readonly ignoreNotFound: boolean;
  readonly wait: boolean;
  /** 0: as long as it takes. */
  readonly timeoutMillis: number;
  /** `name`, or empty for a sentence. */
  readonly output: string;
  readonly dryRun: DryRun;
}

/** Deletes objects side by side, says so in their order, and waits until they are gone. @throws what failed, at the end */
export async function deleteObjects(
  targets: readonly DeletionTarget[],
  options: DeletionOptions,
  client: Client,
  context: CommandContext,
): Promise<void> {
  const body: ApiDeleteOptions = {
    propagationPolicy: options.cascade,
    ...(options.gracePeriodSeconds < 0 ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  };
  const outcomes = await inParallel(targets, async (target) => deleteOne(target, body, options, client));
  const errors: unknown[] = [];
  const waiting: { target: DeletionTarget; uid: string }[] = [];
  for (const [index, target] of targets.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined) continue;
    if ('error' in outcome) errors.push(outcome.error);
    else {
      context.streams.out.write(line(target, options));
      if (outcome.uid !== '') waiting.push({ target, uid: outcome.uid });
    }
  }
  if (targets.length === 0 && errors.length === 0) context.streams.out.write('No resources found\n');
  if (options.wait && options.dryRun === 'none') {
    await Promise.all(
      waiting.map(({ target, uid }) =>
        waitUntilGone(client, target.mapping, target, uid, {
          clock: context.clock,
          timeoutMillis: options.timeoutMillis,
          signal: context.signal,
        }),
      ),
    );
  }
  throwFailures(errors);
}

function line(target: DeletionTarget, options: DeletionOptions): string {
  const { gvk } = target.mapping;
  const kind = gvk.group === '' ? gvk.kind.toLowerCase() : `${gvk.kind.toLowerCase()}.${gvk.group}`;
  if (options.output === 'name') return `${kind}/${target.name}\n`;
  const verb = options.force && options.gracePeriodSeconds === 0 ? 'force deleted' : 'deleted';
  const from = target.mapping.namespaced ? ` from ${target.namespace} namespace` : '';
  return `${kind} "${target.name}" ${verb}${from}${dryRunSuffix[options.dryRun]}\n`;
}

type Outcome = { readonly uid: string } | { readonly error: unknown };

async function deleteOne(
  target: DeletionTarget,
  body: ApiDeleteOptions,
  options: DeletionOptions,
  client: Client,
): Promise<Outcome> {
  const resource = resourceOf(client, target.mapping, target.namespace);
  try {
    if (options.dryRun === 'client') {
      await resource.get(target.name);
      return { uid: '' };
    }
    const answer = (await resource.delete(target.name, body)) as Unstructured;
    const uid = answer.metadata.uid ?? (answer as { details?: { uid?: string } }).details?.uid ?? '';
    return { uid };
  } catch (error) {
    if (hasReason(error, 'NotFound') && options.ignoreNotFound) return { uid: '' };
    if (target.source === '' || !(error instanceof StatusError)) return { error };
    return { error: new PrefixedError(`error when deleting ${JSON.stringify(target.source)}`, error) };
  }
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(32, items.length) }, worker));
  return results;
}
