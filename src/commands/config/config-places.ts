import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { kubeconfigPlaces } from '../../cli/cluster-access.ts';
import { type CommandContext, CommandError, HelpfulError } from '../../cli/command.ts';
import { defaultFile, loadForChange, writeEntry } from '../../kubeconfig/kubeconfig-changes.ts';
import {
  type Kubeconfig,
  kubeconfigFiles,
  type KubeconfigPlaces,
  type KubeconfigSection,
  shownFile,
} from '../../kubeconfig/kubeconfig.ts';

/** Where the kubeconfig of this invocation is, and what it says. */
export async function openKubeconfig(
  context: CommandContext,
): Promise<{ readonly places: KubeconfigPlaces; readonly kubeconfig: Kubeconfig }> {
  const places = kubeconfigPlaces(context, context.globals);
  const kubeconfig = await loadForChange(context.files, places);
  await tellLoaded(context, places);
  return { places, kubeconfig };
}

/** Tells with -v which files were read. */
async function tellLoaded(context: CommandContext, places: KubeconfigPlaces): Promise<void> {
  if (context.log === undefined) return;
  const { tellLoadedFiles } = await import('../../cli/loaded-files-log.ts');
  await tellLoadedFiles(context.files, places, context.log);
}

/** The file that messages name: the one of --kubeconfig, else the first that exists, else the last of the list. */
export async function namedFile(context: CommandContext, places: KubeconfigPlaces): Promise<string> {
  const files = kubeconfigFiles(places);
  for (const file of files) {
    if (await context.files.exists(file)) return shownFile(places, file);
  }
  return shownFile(places, files.at(-1) ?? '');
}

/** Checks how many arguments there are. @throws HelpfulError */
export function requireArguments(args: readonly string[], count: number): void {
  if (args.length !== count) throw new HelpfulError(`Unexpected args: [${args.join(' ')}]`);
}

/** Reads a file that a flag names, for --embed-certs. */
export async function readForEmbedding(context: CommandContext, name: string, path: string): Promise<string> {
  try {
    return Buffer.from(await context.files.readFile(absolute(context, path))).toString('base64');
  } catch (error) {
    throw missingFile(name, path, error);
  }
}

/** `could not stat NAME file PATH: …`. */
export function missingFile(name: string, path: string, error: unknown): CommandError {
  const { code } = error as { code?: string };
  const reason =
    code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : String(error);
  return new CommandError(`could not stat ${name} file ${path}: stat ${path}: ${reason}`);
}

/** A path as the working folder sees it; that folder itself for none. */
export function absolute(context: CommandContext, path: string): string {
  return resolve(context.cwd, path);
}

/** Writes an entry, its paths relative to the file that it goes to where they are below that file's folder. */
export async function writeEntryWithPaths(
  context: CommandContext,
  { places, kubeconfig }: { readonly places: KubeconfigPlaces; readonly kubeconfig: Kubeconfig },
  section: KubeconfigSection,
  name: string,
  value: JsonObject,
): Promise<void> {
  const file = kubeconfig[section].get(name)?.file ?? (await defaultFile(context.files, places));
  const folder = resolve(context.cwd, dirname(file));
  for (const field of ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']) {
    const path = value[field];
    if (typeof path === 'string' && path !== '') value[field] = shortPath(folder, path);
  }
  const { exec } = value;
  // A command without a separator is looked up in $PATH.
  if (isJsonObject(exec) && typeof exec['command'] === 'string' && exec['command'].includes(sep)) {
    value['exec'] = { ...exec, command: shortPath(folder, exec['command']) };
  }
  await writeEntry(context.files, places, section, name, value);
}

function shortPath(folder: string, path: string): string {
  const full = isAbsolute(path) ? path : resolve(folder, path);
  const short = relative(folder, full) || '.';
  return short.startsWith(`..${sep}`) ? full : short;
}
