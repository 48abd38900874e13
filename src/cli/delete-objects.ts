import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import { hasReason } from '../apimachinery/status.ts';
import type { Client, DeleteOptions as ApiDeleteOptions } from '../client/client.ts';
import { TransportError } from '../client/transport-error.ts';
import { inOrder, inParallel } from '../generators/request-plan.ts';
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
  /** Say nothing of what was deleted. */
  readonly quiet?: boolean;
}

/**
 * Deletes objects of a kind side by side, says so in their order, and waits until they are gone, unless something failed.
 * @param failures what failed before, which is told behind what fails here
 * @throws what failed, at the end
 */
export async function deleteObjects(
  targets: readonly DeletionTarget[],
  options: DeletionOptions,
  client: Client,
  context: CommandContext,
  failures: readonly unknown[] = [],
): Promise<void> {
  const body: ApiDeleteOptions = {
    propagationPolicy: options.cascade,
    ...(options.gracePeriodSeconds < 0 ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
    ...(options.dryRun === 'server' ? { dryRun: 'All' as const } : {}),
  };
  const errors: unknown[] = [];
  const waiting: { target: DeletionTarget; uid: string }[] = [];
  for (const kind of oneAfterTheOther(targets)) {
    await inOrder(
      kind,
      (target) => deleteOne(target, body, options, client),
      (result, target) => {
        if (!result.ok) {
          errors.push(result.error);
          return;
        }
        if (result.value === 'absent') return;
        if (options.quiet !== true) context.streams.out.write(line(target, options));
        if (result.value !== 'gone') waiting.push({ target, uid: result.value.uid });
      },
    );
  }
  errors.push(...failures);
  if (targets.length === 0 && errors.length === 0) context.streams.out.write('No resources found\n');
  if (options.wait && options.dryRun === 'none' && errors.length === 0) {
    const { clock, signal } = context;
    const { timeoutMillis } = options;
    await inParallel(waiting, ({ target, uid }) =>
      waitUntilGone(client, target.mapping, target, uid, { clock, timeoutMillis, signal }),
    );
  }
  // What is remembered of the server's kinds is not so any more.
  if (options.dryRun === 'none' && targets.some(definesKinds)) await (await context.cluster.discovery()).refresh();
  throwFailures(errors);
}

/**
 * What may be deleted side by side: the objects of one kind, where a command line names several kinds, for the first
 * would make new ones of the second when those go before it; all of a manifest, but what
 * defines kinds: objects of these kinds that come before it must still be known when they are deleted.
 */
function oneAfterTheOther(targets: readonly DeletionTarget[]): readonly (readonly DeletionTarget[])[] {
  const kinds: DeletionTarget[][] = [];
  for (const target of targets) {
    const last = kinds.at(-1);
    const first = last?.[0];
    const isSame = first?.mapping.gvr.resource === target.mapping.gvr.resource || target.source !== '';
    const definesAlike = first !== undefined && definesKinds(first) === definesKinds(target);
    if (last !== undefined && isSame && definesAlike) last.push(target);
    else kinds.push([target]);
  }
  return kinds;
}

function definesKinds({ mapping }: DeletionTarget): boolean {
  const { group, resource } = mapping.gvr;
  return (
    (group === 'apiextensions.k8s.io' && resource === 'customresourcedefinitions') ||
    (group === 'apiregistration.k8s.io' && resource === 'apiservices')
  );
}

function line(target: DeletionTarget, options: DeletionOptions): string {
  const { gvk } = target.mapping;
  const kind = gvk.group === '' ? gvk.kind.toLowerCase() : `${gvk.kind.toLowerCase()}.${gvk.group}`;
  if (options.output === 'name') return `${kind}/${target.name}\n`;
  const verb = options.force && options.gracePeriodSeconds === 0 ? 'force deleted' : 'deleted';
  const from = target.mapping.namespaced ? ` from ${target.namespace} namespace` : '';
  return `${kind} "${target.name}" ${verb}${from}${dryRunSuffix[options.dryRun]}\n`;
}

/** How a deletion went: nothing was there, it is gone already, or it goes later. */
type Deleted = 'absent' | 'gone' | { readonly uid: string };

/** @throws what the server said */
async function deleteOne(
  target: DeletionTarget,
  body: ApiDeleteOptions,
  options: DeletionOptions,
  client: Client,
): Promise<Deleted> {
  const resource = resourceOf(client, target.mapping, target.namespace);
  try {
    // What this would delete is told without asking whether it is there.
    if (options.dryRun === 'client') return 'gone';
    const answer = (await resource.delete(target.name, body)) as Unstructured;
    // A Status says that nothing held the object; one that waits for somebody is answered with the object itself.
    return answer.kind === 'Status' ? 'gone' : { uid: answer.metadata.uid ?? '' };
  } catch (error) {
    if (hasReason(error, 'NotFound') && options.ignoreNotFound) return 'absent';
    if (target.source === '' || error instanceof TransportError) throw error;
    throw new PrefixedError(`error when deleting ${JSON.stringify(target.source)}`, error);
  }
}
