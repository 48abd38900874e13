import { dirname } from 'node:path';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseYaml, stringifyYaml } from '../../apimachinery/yaml.ts';
import { type CommandContext, CommandError, type FlagDefinition, type FlagValues } from '../../cli/command.ts';
import { type PreferenceFile, preferenceFile } from '../../cli/preferences/preference-file.ts';
import { homeFolder } from '../../cli/program.ts';

/** --kuberc of the commands that work on the file itself. */
export const kubercFlag: FlagDefinition = {
  name: 'kuberc',
  type: 'string',
  default: '',
  description: 'The kuberc file to work on',
};

/** The file that --kuberc and the environment name. @throws CommandError where it is turned off */
export function kubercFile(flags: FlagValues, context: CommandContext): PreferenceFile {
  const file = preferenceFile(flags.string('kuberc'), context, homeFolder(context.env));
  if (file === undefined) throw new CommandError('KUBERC is disabled via KUBERC=off environment variable');
  return file;
}

/** Reads the file; undefined when it is not there. @throws CommandError */
export async function readKuberc(
  { shown, path }: PreferenceFile,
  { files }: CommandContext,
): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = Buffer.from(await files.readFile(path)).toString('utf8');
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'ENOENT') return undefined;
    const reason = code === 'EISDIR' ? `read ${shown}: is a directory` : `open ${shown}: permission denied`;
    throw new CommandError(`error reading kuberc file: ${reason}`);
  }
  try {
    const document = parseYaml(text, { onDuplicateKey: () => undefined });
    return isJsonObject(document) ? document : {};
  } catch (error) {
    throw new CommandError(`error parsing kuberc file: error converting YAML to JSON: ${(error as Error).message}`);
  }
}

/** Writes the file whole, and says so. */
export async function saveKuberc(
  document: JsonObject,
  { shown, path }: PreferenceFile,
  { files, streams }: CommandContext,
): Promise<void> {
  await files.makeFolder(dirname(path), 0o755);
  await files.writeFileAtomic(path, stringifyYaml(document), 0o644);
  streams.out.write(`Updated ${shown}\n`);
}

/** Members of a list that are objects. */
export function entriesOf(document: JsonObject, name: string): readonly JsonObject[] {
  const list: JsonValue = document[name] ?? null;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}
