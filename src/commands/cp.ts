import { basename, posix, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Pod } from '../api/types/core-v1.ts';
import { ExitCodeError } from '../client/streams/exit-code-error.ts';
import { type CommandContext, CommandError, defineCommand, SilentExit } from '../cli/command.ts';
import { typedAnswers } from '../cli/typed-answers.ts';
import { requireRunning } from '../cli/pods/attachable-pod.ts';
import { chooseContainer, chooseContainerFor } from '../cli/pods/container-choice.ts';
import { runInContainer } from '../cli/pods/remote-session.ts';
import { containerFlag } from '../cli/pods/session-flags.ts';
import { entryAt } from '../system/file-tree.ts';
import { archivePrefix, type FileSpec, parseFileSpec } from './cp/file-spec.ts';
import { packTree } from './cp/pack.ts';
import { unpackTree } from './cp/unpack.ts';

interface CpOptions {
  readonly source: FileSpec;
  readonly destination: FileSpec;
  readonly container: string;
  readonly noPreserve: boolean;
  /** How often copying from a pod is taken up again; negative for without end. */
  readonly retries: number;
}

/** `cp`: files to and from containers, by the tar in them. */
export const cpCommand = defineCommand<CpOptions>({
  path: ['cp'],
  usage: '<file-spec-src> <file-spec-dest>',
  short: 'Copy files and directories to and from containers',
  long: 'Copy files and folders between here and a container, which must have tar. Links are not copied from containers, and nothing is written outside the destination.',
  examples:
    '  # A folder to the pod web\n  kubectl cp ./public web:/usr/share/html\n\n  # A file from the container app of the pod web in the namespace shop\n  kubectl cp shop/web:/var/log/app.log ./app.log -c app',
  flags: [
    containerFlag,
    {
      name: 'no-preserve',
      type: 'bool',
      default: 'false',
      description: 'Do not keep owner and permissions in the container.',
    },
    {
      name: 'retries',
      type: 'int',
      default: '0',
      description: 'How often copying from a container is taken up again where it broke off; negative for without end.',
    },
  ],
  toOptions(args, flags) {
    const [from, to] = args;
    if (from === undefined || to === undefined || args.length > 2) {
      throw new CommandError('source and destination are required');
    }
    const [source, destination] = [parseFileSpec(from), parseFileSpec(to)];
    if (source.pod !== '' && destination.pod !== '') {
      throw new CommandError('one of src or dest must be a local file specification');
    }
    if (source.path === '' || destination.path === '') throw new CommandError('filepath can not be empty');
    if (source.pod === '' && destination.pod === '') {
      throw new CommandError('one of src or dest must be a remote file specification');
    }
    return {
      source,
      destination,
      container: flags.string('container'),
      noPreserve: flags.bool('no-preserve'),
      retries: flags.int('retries'),
    };
  },
  async run(options, context) {
    try {
      await (options.source.pod === '' ? copyToPod(options, context) : copyFromPod(options, context));
    } catch (error) {
      if (!(error instanceof ExitCodeError)) throw error;
      context.streams.err.write(`${error.message}\n`);
      throw new SilentExit(error.exitCode);
    }
  },
});

async function podOf(spec: FileSpec, context: CommandContext): Promise<Pod> {
  const namespace = spec.namespace === '' ? (await context.cluster.namespace()).name : spec.namespace;
  const client = await context.cluster.client();
  const pods = { group: '', version: 'v1', resource: 'pods' };
  const read = typedAnswers({ apiVersion: 'v1', kind: 'Pod' }, context);
  const pod = await client.resource<Pod>(pods, namespace, read).get(spec.pod);
  requireRunning(pod, 'exec into');
  return pod;
}

async function copyToPod(options: CpOptions, context: CommandContext): Promise<void> {
  const { source, destination, container, noPreserve } = options;
  const { streams, cwd } = context;
  const path = resolve(cwd, source.path);
  try {
    await entryAt(path);
  } catch {
    throw new CommandError(`${source.path} doesn't exist in local filesystem`);
  }
  const pod = await podOf(destination, context);
  const name = chooseContainerFor(pod, { container }, context).name;
  const isFolder = await runInContainer(
    pod,
    name,
    ['test', '-d', destination.path],
    { stdout: () => {}, stderr: () => {} },
    context,
  ).then(
    () => true,
    () => false,
  );
  const target = posix.normalize(isFolder ? posix.join(destination.path, basename(path)) : destination.path);
  const folder = posix.dirname(target);
  const keep = noPreserve ? ['--no-same-permissions', '--no-same-owner'] : [];
  const command = ['tar', ...keep, '-xmf', '-', '-C', folder];
  const write = (output: typeof streams.out) => (chunk: Uint8Array) => output.write(chunk);
  let failure: unknown;
  async function* archive(): AsyncGenerator<Uint8Array> {
    try {
      yield* packTree(path, posix.basename(target));
    } catch (error) {
      failure = error;
    }
  }
  const near = { stdin: archive(), stdout: write(streams.out), stderr: write(streams.err) };
  try {
    await runInContainer(pod, name, command, near, context);
  } catch (error) {
    throw failure ?? error;
  }
  if (failure !== undefined) throw failure;
}

async function copyFromPod(options: CpOptions, context: CommandContext): Promise<void> {
  const { source, destination, container, retries } = options;
  const { out, err } = context.streams;
  const pod = await podOf(source, context);
  // The real program has these on standard output.
  const name = chooseContainer(pod, container, (text) => out.write(text), context.log).name;
  const archive = remoteArchive(retries, out, (from) => {
    const command =
      retries === 0
        ? ['tar', 'cf', '-', source.path]
        : ['sh', '-c', `tar cf - '${source.path.replaceAll("'", "'\\''")}' | tail -c+${from}`];
    return outputOf(pod, name, command, context);
  });
  await unpackTree(archive, {
    prefix: archivePrefix(source.path),
    destination: destination.path,
    cwd: context.cwd,
    source,
    warn: (text) => err.write(text),
  });
  // What follows the end of the archive, and how the command ended.
  for await (const chunk of archive) void chunk;
}

/** What a command in a container writes, as it comes. */
function outputOf(
  pod: Pod,
  container: string,
  command: readonly string[],
  context: CommandContext,
): AsyncIterable<Uint8Array> {
  const output = new PassThrough();
  const near = {
    // Called back when the archive's reader has taken it, or has gone.
    stdout: (chunk: Uint8Array) => new Promise<void>((resolve) => output.write(chunk, () => resolve())),
    stderr: (chunk: Uint8Array) => context.streams.out.write(chunk),
  };
  runInContainer(pod, container, command, near, context).then(
    () => output.end(),
    (error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return output;
}

/**
 * An archive from a container; where it breaks off it is taken up again, as often as is wanted.
 * @param open gives it from a byte on, counted from 1
 */
async function* remoteArchive(
  retries: number,
  out: CommandContext['streams']['out'],
  open: (from: number) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      for await (const chunk of open(received + 1)) {
        received += chunk.byteLength;
        yield chunk;
      }
      return;
    } catch (error) {
      // What was never open is not taken up again.
      if (error instanceof ExitCodeError || received === 0) throw error;
      if (retries >= 0 && attempt > retries) {
        out.write(`Dropping out copy after ${attempt - 1} retries\n`);
        throw error;
      }
      out.write(`Resuming copy at ${received} bytes, retry ${attempt}/${retries}\n`);
    }
  }
}
