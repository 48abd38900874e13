import { join, resolve } from 'node:path';
import { goQuote } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { ManifestError, readManifests } from '../../apimachinery/manifest-stream.ts';
import { CommandError } from '../command.ts';
import type { ProgramWorld } from '../program.ts';
import { type Preference, readPreference } from './preference.ts';
import { systemReasonOrMessage } from '../../system/file-errors.ts';

/** A kuberc file. */
export interface PreferenceFile {
  /** As it was given, for messages. */
  readonly shown: string;
  readonly path: string;
  /** Whether it was asked for by name, so that it has to be there. */
  readonly isExplicit: boolean;
}

/**
 * The kuberc file: --kuberc, $KUBERC, or ~/.kube/kuberc; undefined when $KUBERC turns it off.
 * @param flag the value of --kuberc, or empty
 * @throws CommandError when it is turned off and asked for at once
 */
export function preferenceFile(
  flag: string,
  { env, cwd }: Pick<ProgramWorld, 'env' | 'cwd'>,
  home: string,
): PreferenceFile | undefined {
  const named = env['KUBERC'] ?? '';
  if (named === 'off') {
    if (flag === '') return undefined;
    throw new CommandError('disabling kuberc via KUBERC=off and passing kuberc flag are mutually exclusive');
  }
  const usual = join(home, '.kube', 'kuberc');
  const shown = flag || named || usual;
  return { shown, path: resolve(cwd, shown), isExplicit: flag !== '' || named !== '' };
}

/**
 * Reads a kuberc file: its first document that is a preference. What is wrong with one that was not asked for is told
 * and forgotten.
 * @param tell takes what is to be told
 * @param log takes what -v=5 tells, and where in the real program that is said
 * @throws CommandError
 */
export async function loadPreference(
  { shown, path, isExplicit }: PreferenceFile,
  { files }: Pick<ProgramWorld, 'files'>,
  tell: (text: string) => void,
  log: (source: string, text: string) => void = () => undefined,
): Promise<Preference | undefined> {
  let text: string;
  try {
    text = Buffer.from(await files.readFile(path)).toString('utf8');
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (code === 'ENOENT' && !isExplicit) return undefined;
    return failed(`${code === 'EISDIR' ? 'read' : 'open'} ${shown}: ${systemReasonOrMessage(error)}`);
  }
  let documents = 0;
  try {
    for (const { value, source } of readManifests(text, { onDuplicateKey: () => undefined })) {
      if (value === null) continue;
      documents++;
      const read = readPreference(value);
      if (read === undefined) {
        const reason = whyNoPreference(value, source);
        log('marshal.go:71', `kuberc: strict decoding error for entry ${documents} in ${shown}: ${reason}`);
        continue;
      }
      const { apiVersion = '' } = value as { readonly apiVersion?: string };
      log('marshal.go:94', `kuberc: using entry ${documents} (${apiVersion}) in ${shown}`);
      if (read.unknownFields.length > 0) {
        const fields = read.unknownFields.map((field) => `unknown field ${goQuote(field)}`).join(', ');
        tell(`kuberc: ignoring strict decoding error in ${shown}: strict decoding error: ${fields}`);
      }
      return read.preference;
    }
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    documents++;
  }
  if (documents === 0) {
    log('marshal.go:103', `kuberc: no preferences found in ${shown}`);
    return undefined;
  }
  return failed(`no valid preferences found in ${shown}, use --v=5 to see details`);

  function failed(reason: string): undefined {
    if (isExplicit) throw new CommandError(`kuberc error kuberc: ${reason}`);
    tell(`kuberc: no preferences loaded from ${shown}: ${reason}`);
    return undefined;
  }
}

/** What the real program's decoder says of a document that it has no type for. */
function whyNoPreference(value: JsonValue, source: string): string {
  const { kind = '', apiVersion = '' } = isJsonObject(value) ? value : {};
  if (typeof kind !== 'string' || kind === '') return `Object 'Kind' is missing in '${source}'`;
  if (typeof apiVersion !== 'string' || apiVersion === '') return `Object 'apiVersion' is missing in '${source}'`;
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/config/scheme/scheme.go:30"`;
}
