import type { FileSpace } from './file-space.ts';
import { FileError, type FileNode, MemoryFiles } from './memory-files.ts';
import { diskFileSystem, type MountPoint } from './mount-table.ts';
import { ExecError, type ProcessContext, type Program } from './process-context.ts';

/** Programs that have to do with what is mounted where. */
export const mountPrograms: Readonly<Record<string, Program>> = {
  df: listSpace,
  mount: runMount,
  nsenter: enterNode,
  pidof: findProcess,
  umount: runUnmount,
};

/** What the kernel tells of a mount: what, where, which type, how. */
export interface ListedMount {
  readonly source: string;
  readonly place: string;
  readonly type: string;
  readonly options: string;
}

/** All mounts that a process sees, the root first. */
export function listedMounts(files: MemoryFiles): ListedMount[] {
  const { fileSystem } = files;
  const root = { source: fileSystem === diskFileSystem ? diskDevice : fileSystem, place: '/', type: fileSystem };
  return [
    { ...root, options: files.isSealed ? 'ro,relatime' : 'rw,relatime' },
    ...files.mounts.list().map(([place, { source, fileSystem: type, readOnly }]) => {
      const kernel = type === 'proc' || type === 'cgroup2' ? 'nosuid,nodev,noexec,' : '';
      return { source, place, type, options: `${readOnly ? 'ro' : 'rw'},${kernel}relatime` };
    }),
  ];
}

/** What the disk of a node is called there. */
const diskDevice = '/dev/sda1';

async function write({ stdout }: ProcessContext, text: string): Promise<number> {
  await stdout.write(Buffer.from(text));
  return 0;
}

async function fail({ stderr, args }: ProcessContext, text: string, code = 1): Promise<number> {
  await stderr.write(Buffer.from(`${args[0] ?? ''}: ${text}\n`));
  return code;
}

interface MountWords {
  readonly type: string | undefined;
  readonly options: readonly string[];
  readonly isBind: boolean;
  /** `--make-shared` and the like. */
  readonly makes: readonly string[];
  readonly operands: readonly string[];
}

function parseWords(words: readonly string[]): MountWords {
  let type: string | undefined;
  const [options, operands, makes]: [string[], string[], string[]] = [[], [], []];
  let isBind = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-t') type = words[++at] ?? '';
    else if (word === '-o') options.push(...(words[++at] ?? '').split(','));
    else if (word === '--bind' || word === '--rbind' || word === '-B') isBind = true;
    else if (word.startsWith('--make-')) makes.push(word);
    else if (word === '-r') options.push('ro');
    else if (!word.startsWith('-')) operands.push(word);
  }
  return { type, options, isBind: isBind || options.some((one) => one === 'bind' || one === 'rbind'), makes, operands };
}

/** `mount [-t TYPE]`, `mount -t tmpfs [-o OPTIONS] NAME PLACE` and `mount --bind FROM PLACE`. */
async function runMount(context: ProcessContext): Promise<number> {
  const { files, workingFolder, clock } = context;
  const { type, options, isBind, makes, operands } = parseWords(context.args.slice(1));
  const [source, target] = operands;
  if (source === undefined) {
    const shown = listedMounts(files).filter((one) => type === undefined || one.type === type);
    return write(
      context,
      shown.map((one) => `${one.source} on ${one.place} type ${one.type} (${one.options})\n`).join(''),
    );
  }
  if (!context.mayMount) return fail(context, 'permission denied (are you root?)');
  // Everything on a node is shared, and containers have what their pod says.
  if (makes.length > 0 && target === undefined) return 0;
  const complain = (why: string): Promise<number> =>
    fail(context, `mounting ${source} on ${target ?? ''} failed: ${why}`, 255);
  if (target === undefined) return complain('No such file or directory');
  const place = MemoryFiles.absolute(target, workingFolder);
  if (files.find(place) === undefined) return complain('No such file or directory');
  const from = isBind ? files.find(MemoryFiles.absolute(source, workingFolder)) : undefined;
  if (isBind && from === undefined) return complain('No such file or directory');
  if (!isBind && type !== 'tmpfs') return complain('No such device');
  const readOnly = options.includes('ro');
  const folder: FileNode = { kind: 'folder', mode: 0o1777, modifiedMillis: clock.now(), entries: new Map() };
  const point: MountPoint =
    from === undefined
      ? { node: folder, readOnly, source, fileSystem: 'tmpfs' }
      : { node: from, readOnly, source: diskDevice, fileSystem: from.fileSystem ?? diskFileSystem };
  try {
    files.mount(place, point);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return complain(error.message);
  }
}

/** `umount PLACE…` */
async function runUnmount(context: ProcessContext): Promise<number> {
  const places = context.args.slice(1).filter((word) => !word.startsWith('-'));
  if (!context.mayMount) return fail(context, `can't unmount ${places[0] ?? ''}: Operation not permitted`);
  let code = 0;
  for (const place of places) {
    try {
      context.files.unmount(MemoryFiles.absolute(place, context.workingFolder));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      code = await fail(context, `can't unmount ${place}: Invalid argument`);
    }
  }
  return code;
}

/** `df [-h|-k|-m] [PATH…]`: the room that there is; all files of a node share it. */
async function listSpace(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const paths = words.filter((word) => !word.startsWith('-'));
  const flags = words.filter((word) => word.startsWith('-')).join('');
  const { files, workingFolder } = context;
  const all = listedMounts(files).filter(({ type }) => type !== 'proc' && type !== 'cgroup2');
  const around = (path: string): ListedMount | undefined => {
    const place = files.resolve(MemoryFiles.absolute(path, workingFolder));
    if (place === undefined) return undefined;
    const holders = all.filter((one) => one.place === '/' || place === one.place || place.startsWith(`${one.place}/`));
    return holders.toSorted((left, right) => right.place.length - left.place.length)[0];
  };
  const missing = paths.find((path) => around(path) === undefined);
  if (missing !== undefined) return fail(context, `${missing}: can't find mount point`);
  const shown = paths.length === 0 ? all : paths.flatMap((path) => around(path) ?? []);
  const unit = flags.includes('m') ? 1 << 20 : 1024;
  const amount = (bytes: number): string => (flags.includes('h') ? readable(bytes) : `${Math.ceil(bytes / unit)}`);
  const title = flags.includes('h') ? 'Size' : flags.includes('m') ? '1M-blocks' : '1K-blocks';
  const row = (cells: readonly string[]): string => {
    const [source = '', size = '', used = '', free = '', part = '', place = ''] = cells;
    return `${source.padEnd(20)} ${size.padStart(9)} ${used.padStart(9)} ${free.padStart(9)} ${part.padStart(4)} ${place}\n`;
  };
  const lines = shown.map(({ source, place }) => {
    const { capacity, used } = spaceOf(files, place);
    const part = capacity === 0 ? 0 : Math.ceil((used / capacity) * 100);
    return row([source, amount(capacity), amount(used), amount(capacity - used), `${part}%`, place]);
  });
  return write(context, [row(['Filesystem', title, 'Used', 'Available', 'Use%', 'Mounted on']), ...lines].join(''));
}

/** Of a file system with a size of its own, or of the node's disk. */
function spaceOf(files: MemoryFiles, place: string): Pick<FileSpace, 'capacity' | 'used'> {
  const capacity = files.find(place)?.capacityBytes;
  if (capacity !== undefined) return { capacity, used: files.usage(place) };
  return files.space ?? { capacity: 0, used: 0 };
}

function readable(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let [value, at] = [bytes, 0];
  while (value >= 1024 && at < units.length - 1) [value, at] = [value / 1024, at + 1];
  return at === 0 ? `${value}` : `${value.toFixed(1)}${units[at] ?? ''}`;
}

/**
 * `nsenter --mount=FILE [--] COMMAND…`: runs a command on the files of the node, whose namespace the file stands for, and
 * `nsenter -t PID -m COMMAND…`, which stays where it is: a container sees no processes but its own.
 */
async function enterNode(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  let file: string | undefined;
  while (words[0]?.startsWith('-') === true) {
    const word = words.shift() ?? '';
    if (word === '--') break;
    if (word.startsWith('--mount=')) file = word.slice('--mount='.length);
    else if (word === '-t' || word === '--target') words.shift();
    else if (!/^(-m|--mount|--target=\d+)$/.test(word)) return fail(context, `unrecognized option '${word}'`);
  }
  if (!context.mayMount) return fail(context, `reassociate to namespace 'ns/mnt' failed: Operation not permitted`);
  const { files, nodeFiles } = context;
  const found = file === undefined ? undefined : files.find(MemoryFiles.absolute(file, context.workingFolder));
  if (file !== undefined && found === undefined) return fail(context, `cannot open ${file}: No such file or directory`);
  const entersNode = found !== undefined && found === nodeFiles.find('/proc/1/ns/mnt');
  const args = words.length === 0 ? ['sh'] : words;
  try {
    const program = context.findProgram(args[0] ?? '');
    return await program({ ...context, args, ...(entersNode ? { files: nodeFiles, workingFolder: '/' } : {}) });
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    return fail(context, `failed to execute ${args[0] ?? ''}: No such file or directory`, 127);
  }
}

/** `pidof NAME`: on a node there is the kubelet; in a container nothing is known but its own command. */
async function findProcess(context: ProcessContext): Promise<number> {
  if (context.args[1] !== 'kubelet' || context.files !== context.nodeFiles) return 1;
  return write(context, '1\n');
}
