import type { CommandContext, FlagDefinition, FlagValues } from '../../cli/command.ts';
import { CommandError } from '../../cli/command.ts';
import type { KeySources } from '../../generators/key-sources.ts';

/** --append-hash. */
export const appendHashFlag: FlagDefinition = {
  name: 'append-hash',
  type: 'bool',
  default: 'false',
  description: 'Append a hash of the content to the name',
};

/** --from-file. */
export const fromFileFlag: FlagDefinition = {
  name: 'from-file',
  type: 'stringSlice',
  default: '[]',
  description: 'A file whose name becomes the key, key=file, or a folder for all its files',
};

/** --from-file, --from-literal and --from-env-file. */
export const sourceFlags: readonly FlagDefinition[] = [
  {
    name: 'from-env-file',
    type: 'stringSlice',
    default: '[]',
    description: 'A file with lines of key=value',
  },
  fromFileFlag,
  { name: 'from-literal', type: 'stringArray', default: '[]', description: 'A key and its value, key=value' },
];

/** Reads and checks the flags. @throws CommandError */
export function sourcesOf(flags: FlagValues, context: CommandContext, envFileNoun: string): KeySources {
  const fromFile = flags.list('from-file');
  const fromLiteral = flags.list('from-literal');
  const fromEnvFile = flags.list('from-env-file');
  if (fromEnvFile.length > 0 && fromFile.length + fromLiteral.length > 0) {
    throw new CommandError('from-env-file cannot be combined with from-file or from-literal');
  }
  const { files, cwd, env } = context;
  return { files, cwd, env, fromFile, fromLiteral, fromEnvFile, envFileNoun };
}
