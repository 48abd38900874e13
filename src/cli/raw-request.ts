import { jsonOrAnything } from '../client/answer-media-type.ts';
import { posix, resolve } from 'node:path';
import { escapeDecodedPath, escapeQuery, parseQuery, parseRequestUri, UrlError } from '../apimachinery/go-url.ts';
import { systemReasonOrMessage } from '../system/file-errors.ts';
import { type CommandContext, CommandError, type FlagValues, PlainError } from './command.ts';
import type { ManifestInput } from './manifest-input.ts';

/** Checks --raw of `create` and `replace`, which send one file as it is. @throws CommandError */
export function checkRaw(input: ManifestInput, flags: FlagValues): void {
  const raw = flags.string('raw');
  if (raw === '') return;
  const [filename = ''] = input.filenames;
  if (input.filenames.length !== 1 || input.isKustomization === true)
    throw new CommandError('--raw can only use a single local file or stdin');
  if (/^https?:\/\//.test(filename)) throw new CommandError('--raw cannot read from a url');
  if (input.recursive) throw new CommandError('--raw and --recursive are mutually exclusive');
  if (flags.string('output') !== '') throw new CommandError('--raw and --output are mutually exclusive');
  requireRawPath(raw);
}

/** @throws CommandError for what is no path */
export function requireRawPath(raw: string): void {
  try {
    parseRequestUri(raw);
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    throw new CommandError(`--raw must be a valid URL path: ${error.message}`);
  }
}

/** What --raw asks for, as client-go sends it: the path clean, the query sorted by its names, neither server nor fragment. */
export function rawRequestPath(raw: string): string {
  const { path, query } = parseRequestUri(raw.replace(/#.*$/s, ''));
  const names = [...parseQuery(query)].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const pairs = names.flatMap(([name, values]) => values.map((value) => `${escapeQuery(name)}=${escapeQuery(value)}`));
  return `${cleanPath(path)}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

function cleanPath(escaped: string): string {
  try {
    return escapeDecodedPath(posix.normalize(`/${decodeURIComponent(escaped)}`));
  } catch {
    // Bytes that are no text stay as they are.
    return posix.normalize(`/${escaped}`);
  }
}

/** Sends a file, or standard input for `-`, to a path of the server and prints the answer, both as they are. */
export async function sendRaw(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  input: ManifestInput,
  context: CommandContext,
): Promise<void> {
  const [filename = ''] = input.filenames;
  const { streams, files, cwd } = context;
  let body: Uint8Array;
  try {
    body = filename === '-' ? await streams.in.readAll() : await files.readFile(resolve(cwd, filename));
  } catch (error) {
    // A folder is opened, and fails when the request reads it.
    if (systemReasonOrMessage(error) === 'is a directory') {
      throw new PlainError(`Unable to connect to the server: read ${filename}: is a directory`);
    }
    throw new CommandError(`open ${filename}: ${systemReasonOrMessage(error)}`);
  }
  const client = await context.cluster.client();
  const request = { path: rawRequestPath(path), method, body, accept: jsonOrAnything, raw: true };
  const { body: answer } = await client.request(request);
  streams.out.write(streams.out.isTerminal ? new TextDecoder().decode(answer) : answer);
}
