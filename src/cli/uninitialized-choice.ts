import type { CommandDefinition, FlagDefinition, FlagValues } from './command.ts';

const flagName = 'include-uninitialized';

/**
 * --include-uninitialized of the commands that had it in kubectl 1.8 to 1.13. Later versions have it no more, so no help
 * shows it.
 */
export const includeUninitializedFlag: FlagDefinition = {
  name: flagName,
  type: 'bool',
  default: 'false',
  description: 'Also work on objects that their initializers have not all seen yet',
  hidden: true,
};

/** Whether reads ask for uninitialized objects: `where-served` from servers that have initializers alone. */
export type UninitializedChoice = 'yes' | 'where-served' | 'no';

/**
 * What the flags of a command say of uninitialized objects, as kubectl 1.13 understood them: the flag itself wins, a
 * selector leaves them out, --all takes them in, and the rest is up to the command.
 */
export function uninitializedChoice(
  command: CommandDefinition,
  flags: FlagValues,
  args: readonly string[],
): UninitializedChoice {
  const has = (name: string): boolean => command.flags.some((flag) => flag.name === name);
  if (!has(flagName)) return 'no';
  if (flags.changed(flagName)) return flags.bool(flagName) ? 'yes' : 'no';
  if (has('selector') && flags.string('selector') !== '') return 'no';
  const isWanted = (has('all') && flags.bool('all')) || command.wantsUninitialized?.(flags, args) === true;
  return isWanted ? 'where-served' : 'no';
}
