import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { FlagDefinition, FlagValues } from './command.ts';

/** Where --record keeps the command line. */
const changeCauseAnnotation = 'kubernetes.io/change-cause';

/** --record, which kubectl gives up but still has. */
export const recordFlag: FlagDefinition = {
  name: 'record',
  type: 'bool',
  default: 'false',
  description: 'Keep the command line in an annotation of the objects',
  hidden: true,
  deprecated: '--record will be removed in the future',
};

/**
 * The command line as --record keeps it: words first, flags behind them; undefined where it is not asked for.
 * @param path of the command, `['rollout', 'undo']`
 */
export function changeCauseOf(flags: FlagValues, path: readonly string[], args: readonly string[]): string | undefined {
  if (!flags.bool('record')) return undefined;
  return ['kubectl', ...path, ...args, ...(flags.given ?? [])].join(' ');
}

/** Puts the cause of a change on an object; nothing is done without one. */
export function recordChangeCause(object: Unstructured, cause: string | undefined): void {
  if (cause === undefined) return;
  object.metadata.annotations = { ...object.metadata.annotations, [changeCauseAnnotation]: cause };
}

/** A merge patch that puts the cause of a change on an object; undefined where there is none, or it is there. */
export function changeCausePatch(object: Unstructured, cause: string | undefined): object | undefined {
  if (cause === undefined || object.metadata.annotations?.[changeCauseAnnotation] === cause) return undefined;
  return { metadata: { annotations: { [changeCauseAnnotation]: cause } } };
}
