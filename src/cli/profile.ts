import { resolve } from 'node:path';
import { systemReason } from '../system/file-errors.ts';
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
  const output = globals.string('profile-output');
  try {
    return await startProfile(kind, resolve(cwd, output));
  } catch (error) {
    const reason = systemReason(error);
    throw reason === undefined ? error : new CommandError(`open ${output}: ${reason}`);
  }
}
