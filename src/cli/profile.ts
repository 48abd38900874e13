import { resolve } from 'node:path';
import { CommandError, type FlagValues } from './command.ts';
import type { ProgramWorld } from './program.ts';

/** Kinds of profiles that Go has and V8 has not. */
const foreignProfiles = ['goroutine', 'threadcreate', 'block', 'mutex', 'trace'];

/** Begins what --profile asks for. @returns what ends it and writes the file. @throws CommandError */
export async function startProfileOf(
  globals: FlagValues,
  { cwd, startProfile }: ProgramWorld,
): Promise<() => Promise<void>> {
  const kind = globals.string('profile');
  if (kind !== 'cpu' && kind !== 'heap') {
    throw new CommandError(
      foreignProfiles.includes(kind)
        ? `--profile=${kind} is of the Go runtime, which kubectl-ts has not: use cpu or heap`
        : `unknown profile '${kind}'`,
    );
  }
  if (startProfile === undefined) throw new CommandError('no profile can be recorded here');
  return startProfile(kind, resolve(cwd, globals.string('profile-output')));
}
