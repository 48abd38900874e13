import { sleep } from '../../../../system/clock.ts';
import { FileError, type FileNode, MemoryFiles } from '../memory-files.ts';
import type { ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';

const newContent = 'mount-tester new file\n';
const loopPauseMillis = 2000;

/**
 * `agnhost mounttest`: says what is there under paths (type of the file system, mode, owner, content), and writes files
 * with given modes before it does.
 */
export async function runMountTest(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const { files } = context;
  let failures = 0;
  const say = (text: string) => context.stdout.write(Buffer.from(text));
  const about = async (flag: string, failure: string, tell: (node: FileNode, path: string) => string) => {
    const path = flags.get(flag) ?? '';
    if (path === '') return;
    const node = files.find(MemoryFiles.absolute(path, context.workingFolder));
    if (node === undefined) failures++;
    await say(node === undefined ? `${failure}(${quote(path)}): no such file or directory\n` : tell(node, path));
  };
  await about('fs_type', 'error from statfs', (_node, path) => {
    return `mount type of ${quote(path)}: ${files.fileSystemOf(path)}\n`;
  });
  for (const mode of ['0644', '0666', '0660', '0777']) {
    const path = flags.get(`new_file_${mode}`) ?? '';
    if (path === '') continue;
    try {
      files.writeFile(path, Buffer.from(newContent), { mode: Number.parseInt(mode, 8), owner: context.user });
      await tellContent(context, path);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      failures++;
      await say(`error writing new file ${quote(path)}: open ${error.message}\n`);
    }
  }
  await about('file_mode', 'error from Stat', (node, path) => `mode of file ${quote(path)}: ${modeText(node)}\n`);
  await about('file_perm', 'error from Stat', ({ mode }, path) => {
    return `perms of file ${quote(path)}: -${permissionText(mode)}\n`;
  });
  await about('file_owner', 'error from stat', ({ uid = 0, gid = 0 }, path) => {
    return `owner UID of ${quote(path)}: ${uid}\nowner GID of ${quote(path)}: ${gid}\n`;
  });
  if (!(await tellContent(context, flags.get('file_content') ?? ''))) failures++;
  const loopPath = flags.get('file_content_in_loop') ?? '';
  if (loopPath !== '' && !(await tellAgainAndAgain(context, loopPath, flags))) failures++;
  return failures === 0 ? 0 : 1;
}

/** @returns whether the file could be read */
async function tellContent({ files, stdout, workingFolder }: ProcessContext, path: string): Promise<boolean> {
  if (path === '') return true;
  try {
    const content = Buffer.from(files.readFile(MemoryFiles.absolute(path, workingFolder)));
    await stdout.write(Buffer.concat([Buffer.from(`content of file ${quote(path)}: `), content, Buffer.from('\n')]));
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await stdout.write(Buffer.from(`error reading file content for ${quote(path)}: open ${error.message}\n`));
    return false;
  }
}

/** Every other second for as long as the flag says, or until the content is that of a new file. */
async function tellAgainAndAgain(
  context: ProcessContext,
  path: string,
  flags: ReadonlyMap<string, string>,
): Promise<boolean> {
  const { clock, files, stdout, signal } = context;
  const end = clock.now() + Number(flags.get('retry_time') ?? 180) * 1000;
  const stops = flags.get('break_on_expected_content') !== 'false';
  let read = true;
  while (clock.now() < end) {
    try {
      const text = Buffer.from(files.readFile(path)).toString('utf8');
      read = true;
      await stdout.write(Buffer.from(`content of file ${quote(path)}: ${text}\n`));
      if (stops && text === newContent) break;
      if (stops) await stdout.write(Buffer.from(`Unexpected content. Expected: ${newContent}. Retrying\n`));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      read = false;
      await stdout.write(Buffer.from(`Error reading file ${path}: open ${error.message}, retrying\n`));
    }
    if (!(await sleep(clock, loopPauseMillis, signal))) break;
  }
  return read;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

/** A mode as Go writes it: the kind and what is special about it, then the permissions. */
function modeText({ kind, mode }: FileNode): string {
  const special = `${kind === 'folder' ? 'd' : ''}${kind === 'link' ? 'L' : ''}${mode & 0o4000 ? 'u' : ''}${mode & 0o2000 ? 'g' : ''}${mode & 0o1000 ? 't' : ''}`;
  return `${special === '' ? '-' : special}${permissionText(mode)}`;
}

function permissionText(mode: number): string {
  return 'rwxrwxrwx'
    .split('')
    .map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'))
    .join('');
}
