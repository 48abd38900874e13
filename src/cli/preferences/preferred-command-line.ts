import type { PluginPolicy } from '../../kubeconfig/plugin-policy.ts';
import { klogLine } from '../../system/klog.ts';
import { CommandError } from '../command.ts';
import type { ProgramWorld } from '../program.ts';
import { applyPreferences, type KnownCommands, type PreferredCommandLine } from './apply-preferences.ts';
import { loadPreference, type PreferenceFile, preferenceFile } from './preference-file.ts';

/** A command line as the kuberc file makes it, with what the file says of credential plugins. */
export interface Preferred extends PreferredCommandLine {
  readonly pluginPolicy: PluginPolicy | undefined;
}

/** Reads the kuberc file, if there is one, and applies it. @throws CommandError */
export async function preferredCommandLine(
  argv: readonly string[],
  home: string,
  world: ProgramWorld,
  commands: KnownCommands,
): Promise<Preferred> {
  const tell = (text: string): void => world.streams.err.write(text);
  const file = fileNamed(kubercFlag(argv), world, home);
  const log = (source: string, text: string): void => tell(klogLine('I', world.clock.now(), source, text));
  const preference =
    file === undefined
      ? undefined
      : await loadPreference(file, world, tell, earlyVerbosity(argv) >= 5 ? log : undefined);
  if (preference === undefined) return { argv, presets: [], pluginPolicy: undefined };
  return { ...(await applyPreferences(argv, preference, commands, tell)), pluginPolicy: preference.pluginPolicy };
}

function fileNamed(flag: string, world: ProgramWorld, home: string): PreferenceFile | undefined {
  try {
    return preferenceFile(flag, world, home);
  } catch (error) {
    throw error instanceof CommandError ? new CommandError(`kuberc error ${error.message}`) : error;
  }
}

/** The value of --kuberc, which is looked for before flags are read. @throws CommandError where it has none */
function kubercFlag(argv: readonly string[]): string {
  for (const [index, word] of argv.entries()) {
    if (word === '--') return '';
    const value = word === '--kuberc' ? argv[index + 1] : word.includes('--kuberc=') ? word.split('=')[1] : '';
    if (value === '') {
      if (word.includes('--kuberc=')) throw new CommandError('kuberc file is not found');
      continue;
    }
    if (value === undefined) throw new CommandError('kuberc file is not found');
    return value;
  }
  return '';
}

/** The value of -v, which is looked for before flags are read. */
function earlyVerbosity(argv: readonly string[]): number {
  for (const [index, word] of argv.entries()) {
    if (word === '--') break;
    const value = word === '-v' || word === '--v' ? argv[index + 1] : /^--?v=(.*)$/.exec(word)?.[1];
    if (value !== undefined && /^[0-9]+$/.test(value)) return Number(value);
  }
  return 0;
}
