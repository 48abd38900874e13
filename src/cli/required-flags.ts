import { CommandError, type FlagValues } from './command.ts';

/** Flags that must be given, in the words of cobra. @param required sorted @throws CommandError */
export function requireFlags(flags: FlagValues, required: readonly string[]): void {
  const missing = required.filter((name) => !flags.changed(name)).map((name) => `"${name}"`);
  if (missing.length > 0) throw new CommandError(`required flag(s) ${missing.join(', ')} not set`);
}
