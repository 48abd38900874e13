import { type FileNode, MemoryFiles } from './memory-files.ts';

/** `ls`: with -a also what begins with a dot, with -l more of each, with -d folders themselves; one name a line. */
export function listFiles(
  files: MemoryFiles,
  workingFolder: string,
  words: readonly string[],
): { readonly output: string; readonly errors: string } {
  const flags = words.filter((word) => word.startsWith('-')).join('');
  const paths = words.filter((word) => !word.startsWith('-'));
  const [singles, folders, errors]: [string[], string[], string[]] = [[], [], []];
  const asked = paths.length === 0 ? ['.'] : paths;
  for (const path of asked) {
    const place = MemoryFiles.absolute(path, workingFolder);
    const node = files.find(place, flags.includes('l')) ?? files.find(place, true);
    if (node === undefined) {
      errors.push(`ls: ${path}: No such file or directory\n`);
    } else if (node.kind === 'folder' && !flags.includes('d')) {
      const entries = files.entriesOf(place).toSorted(([left], [right]) => (left < right ? -1 : 1));
      const shown = entries.filter(([name]) => flags.includes('a') || !name.startsWith('.'));
      const lines = shown.map(([name, entry]) => line(name, entry, flags));
      folders.push(`${asked.length > 1 ? `${path}:\n` : ''}${lines.join('')}`);
    } else {
      singles.push(line(path, node, flags));
    }
  }
  const listed = [...(singles.length === 0 ? [] : [singles.join('')]), ...folders];
  return { output: listed.join('\n'), errors: errors.join('') };
}

function line(name: string, node: FileNode, flags: string): string {
  if (!flags.includes('l')) return `${name}\n`;
  const size = node.kind === 'file' ? node.content.byteLength : node.kind === 'link' ? node.target.length : 4096;
  const time = new Date(node.modifiedMillis).toISOString().slice(0, 16).replace('T', ' ');
  const target = node.kind === 'link' ? ` -> ${node.target}` : '';
  const owner = [node.uid, node.gid].map((id = 0) => (id === 0 ? 'root' : String(id))).join(' ');
  return `${modeText(node)} 1 ${owner} ${String(size).padStart(8)} ${time} ${name}${target}\n`;
}

function modeText({ kind, mode, special }: FileNode): string {
  const letters = 'rwxrwxrwx'.split('').map((letter, index) => ((mode >> (8 - index)) & 1 ? letter : '-'));
  for (const [bit, at, on] of [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ] as const) {
    if ((mode & bit) !== 0) letters[at] = letters[at] === 'x' ? on : on.toUpperCase();
  }
  const type =
    special === undefined
      ? { file: '-', folder: 'd', link: 'l' }[kind]
      : { 'block device': 'b', 'character device': 'c', socket: 's' }[special];
  return `${type}${letters.join('')}`;
}
