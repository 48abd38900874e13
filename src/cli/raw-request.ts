import { resolve } from 'node:path';
import { systemReasonOrMessage } from '../system/file-errors.ts';
import { type CommandContext, CommandError, type FlagValues } from './command.ts';
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
  if (!raw.startsWith('/')) {
    throw new CommandError(`--raw must be a valid URL path: parse ${JSON.stringify(raw)}: invalid URI for request`);
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
    throw new CommandError(`open ${filename}: ${systemReasonOrMessage(error)}`);
  }
  const client = await context.cluster.client();
  const { body: answer } = await client.request({ path, method, body, accept: '*/*', raw: true });
  streams.out.write(streams.out.isTerminal ? new TextDecoder().decode(answer) : answer);
}
