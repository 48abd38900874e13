import { messageOf } from '../../apimachinery/error-message.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { CheckedManifest } from '../../cli/checked-input.ts';
import { clientVersion } from '../../cli/client-version.ts';
import { type CommandContext, CommandError } from '../../cli/command.ts';
import type { Client, DeleteOptions, WriteOptions } from '../../client/client.ts';
import { resourceOf } from '../../resource/resource-access.ts';
import { klogLine } from '../../system/klog.ts';
import type { Applied, ApplyPolicy } from './apply-object.ts';
import { ApplySet, parseApplySetParent } from './apply-set.ts';

/** One run of apply over an apply set, which is told before and after. */
export interface ApplySetRun {
  /** Labels the objects and writes down what there will be. @throws CommandError */
  beforeApply(entries: readonly CheckedManifest[]): Promise<void>;
  /** Deletes what was left out, one after the other. @param pruned told of each one. @throws CommandError */
  prune(applied: readonly Applied[], pruned: (object: Unstructured) => void): Promise<void>;
}

/** Finds the parent of the set and checks that it may be one. @throws CommandError */
export async function startApplySet(
  reference: string,
  { policy, deletion }: { readonly policy: ApplyPolicy; readonly deletion: DeleteOptions },
  client: Client,
  context: CommandContext,
): Promise<ApplySetRun> {
  const mapper = await (await context.cluster.discovery()).mapper();
  const { name, explicit } = await context.cluster.namespace();
  const parent = parseApplySetParent(reference, explicit ? name : '', mapper);
  const set = new ApplySet(parent, client, clientVersion.gitVersion);
  await set.validate();
  const { dryRun, validation } = policy;
  const onServer = dryRun === 'server' ? { dryRun: 'All' as const } : {};
  const write: WriteOptions | undefined =
    dryRun === 'client'
      ? undefined
      : { ...(validation === undefined ? {} : { fieldValidation: validation }), ...onServer };
  const warn = (text: string): void =>
    context.streams.err.write(klogLine('W', context.clock.now(), 'applyset.go:447', text));
  return {
    async beforeApply(entries) {
      for (const { object } of entries) set.addLabel(object);
      await set.beforeApply(entries, write, mapper, warn);
    },
    async prune(applied, pruned) {
      const kept = new Set(applied.map(({ object }) => object.metadata.uid ?? ''));
      for (const { object, mapping, namespace } of await set.findPrunable(kept)) {
        const own = object.metadata.name ?? '';
        if (dryRun !== 'client') {
          const deleted = resourceOf(client, mapping, namespace).delete(own, { ...deletion, ...onServer });
          await deleted.catch((error: unknown) => {
            const { group, kind } = mapping.gvk;
            const place = namespace === '' ? own : `${namespace}/${own}`;
            const about = `${group === '' ? kind : `${kind}.${group}`} ${place}`;
            throw new CommandError(`pruning ${about}: ${messageOf(error)}`);
          });
        }
        pruned(object);
      }
      const members = applied.map(({ object, mapping }) => {
        const namespace = mapping.namespaced ? (object.metadata.namespace ?? '') : '';
        return { object, mapping, namespace };
      });
      await set.afterPrune(members, write, warn);
    },
  };
}
