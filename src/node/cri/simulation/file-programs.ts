import { runDd } from './dd-program.ts';
import { FileError, type FileNode, MemoryFiles } from './memory-files.ts';
import type { ProcessContext, Program } from './process-context.ts';

/** Programs that move, mark and find files. */
export const filePrograms: Readonly<Record<string, Program>> = {
  chmod: (context) =>
    attempt(context, ([mode = '', ...paths]) => {
      for (const path of paths) {
        const before = existing(context, path).mode;
        const after = /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : symbolicMode(before, mode);
        context.files.mark(absolute(context, path), { mode: after });
      }
    }),
  chown: (context) =>
    attempt(context, ([owner = '', ...paths]) => {
      const [user = '', group = ''] = owner.split(':');
      const ids = { ...numbered('uid', user), ...numbered('gid', group) };
      for (const path of paths) context.files.mark(absolute(context, path), ids);
    }),
  cp: (context) =>
    attempt(context, (words) => {
      const target = targetOf(context, words.at(-1) ?? '');
      for (const path of words.slice(0, -1)) copy(context.files, absolute(context, path), target(path));
    }),
  dd: runDd,
  find: runFind,
  ln: (context) =>
    attempt(context, (words) => {
      const [source = '', name = ''] = words;
      context.files.link(absolute(context, name), source);
    }),
  mknod: (context) =>
    attempt(context, ([path = '', type = '', major, minor]) => {
      const special = { b: 'block device', c: 'character device', u: 'character device' } as const;
      if (type !== 'b' && type !== 'c' && type !== 'u')
        throw new FileError(`${type}: this simulated mknod makes devices alone`);
      if (major === undefined || minor === undefined) throw new FileError('missing operand');
      context.files.makeSpecial(absolute(context, path), special[type]);
    }),
  mktemp: async (context) => {
    const path = `/tmp/tmp.${Math.floor(context.random() * 36 ** 6)
      .toString(36)
      .padStart(6, '0')}`;
    if (context.args.includes('-d')) context.files.makeFolder(path, 0o700);
    else context.files.writeFile(path, new Uint8Array(), { mode: 0o600 });
    await context.stdout.write(Buffer.from(`${path}\n`));
    return 0;
  },
  mv: (context) =>
    attempt(context, (words) => {
      const target = targetOf(context, words.at(-1) ?? '');
      for (const path of words.slice(0, -1)) {
        copy(context.files, absolute(context, path), target(path), true);
        context.files.remove(absolute(context, path));
      }
    }),
  readlink: (context) =>
    attempt(context, async ([path = '']) => {
      const node = context.files.find(absolute(context, path), true);
      if (node?.kind === 'link') await context.stdout.write(Buffer.from(`${node.target}\n`));
    }),
  stat: runStat,
};

function absolute({ workingFolder }: ProcessContext, path: string): string {
  return MemoryFiles.absolute(path, workingFolder);
}

/** @throws FileError */
function existing(context: ProcessContext, path: string): FileNode {
  const node = context.files.find(absolute(context, path));
  if (node === undefined) throw new FileError(`${path}: No such file or directory`);
  return node;
}

/** Works on the words that are no flags. */
async function attempt(context: ProcessContext, work: (words: string[]) => void | Promise<void>): Promise<number> {
  const [name = '', ...words] = context.args;
  try {
    await work(words.filter((word) => !/^-[a-zA-Z]/.test(word)));
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await context.stderr.write(Buffer.from(`${name}: ${error.message}\n`));
    return 1;
  }
}

/** Where something goes: to the path, or into the folder that is there. */
function targetOf(context: ProcessContext, path: string): (source: string) => string {
  const target = absolute(context, path);
  if (context.files.find(target)?.kind !== 'folder') return () => target;
  return (source) => `${target}/${source.replace(/\/+$/, '').split('/').at(-1) ?? ''}`;
}

/** Who a file is to belong to, by number; `root` has a number of its own. @throws FileError for other names */
function numbered(key: 'uid' | 'gid', text: string): Record<string, number> {
  if (text === '') return {};
  if (text !== 'root' && !/^\d+$/.test(text)) throw new FileError(`unknown user ${text}`);
  return { [key]: text === 'root' ? 0 : Number(text) };
}

/** @throws FileError when nothing is at the first path */
function copy(files: MemoryFiles, from: string, path: string, isLinkItself = false): void {
  const node = files.find(from, isLinkItself);
  if (node === undefined) throw new FileError(`${from}: No such file or directory`);
  if (node.kind === 'file') files.writeFile(path, node.content, { mode: node.mode });
  else if (node.kind === 'link') files.link(path, node.target);
  else {
    files.makeFolder(path, node.mode);
    for (const [name] of files.entriesOf(from)) copy(files, `${from}/${name}`, `${path}/${name}`, true);
  }
}

/** `u+x`, `a-w`, `go=r`, … */
function symbolicMode(mode: number, text: string): number {
  for (const clause of text.split(',')) {
    const [, who = '', sign = '', what = ''] = /^([ugoa]*)([-+=])([rwxX]*)$/.exec(clause) ?? [];
    const classes = who === '' || who.includes('a') ? 'ugo' : who;
    for (const one of classes) {
      const shift = { u: 6, g: 3 }[one] ?? 0;
      const bits = ((what.includes('r') ? 4 : 0) | (what.includes('w') ? 2 : 0) | (/[xX]/.test(what) ? 1 : 0)) << shift;
      if (sign === '+') mode |= bits;
      else if (sign === '-') mode &= ~bits;
      else mode = (mode & ~(7 << shift)) | bits;
    }
  }
  return mode;
}

/** `stat -c FORMAT PATH…` with %a, %n, %s, %u, %g, %F and %Y. */
async function runStat(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const at = words.findIndex((word) => word.startsWith('-c'));
  const inline = /^-c(.+)$/.exec(words[at] ?? '')?.[1];
  const format = inline ?? words[at + 1] ?? '';
  const paths = words.filter((_word, index) => index !== at && (inline !== undefined || index !== at + 1));
  if (at < 0) {
    await context.stderr.write(Buffer.from('stat: this simulated stat knows only -c\n'));
    return 1;
  }
  return attempt({ ...context, args: ['stat', ...paths] }, async (names) => {
    for (const name of names) {
      const node = existing(context, name);
      const kinds = { file: 'regular file', folder: 'directory', link: 'symbolic link' };
      const facts: Readonly<Record<string, string>> = {
        a: (node.mode & 0o7777).toString(8),
        n: name,
        s: String(node.kind === 'file' ? node.content.byteLength : 4096),
        u: String(node.uid ?? 0),
        g: String(node.gid ?? 0),
        F:
          node.special === undefined
            ? kinds[node.kind]
            : node.special.replace(/^(block|character) device$/, '$1 special file'),
        Y: String(Math.floor(node.modifiedMillis / 1000)),
      };
      const text = format.replaceAll(/%([a-zA-Z])/g, (whole, letter: string) => facts[letter] ?? whole);
      await context.stdout.write(Buffer.from(`${text}\n`));
    }
  });
}

/** A pattern of names as an expression. */
function namePattern(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[\\^$.+()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/** `find PATH… [-type f|d|l] [-name PATTERN [-o -name PATTERN]…]`. */
async function runFind(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const firstTest = words.findIndex((word) => word.startsWith('-'));
  const paths = firstTest < 0 ? words : words.slice(0, firstTest);
  const valueOf = (flag: string): string | undefined =>
    words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined;
  const kind = { f: 'file', d: 'folder', l: 'link' }[valueOf('-type') ?? ''];
  const patterns = words.flatMap((word, at) => (word === '-name' ? [namePattern(words[at + 1] ?? '')] : []));
  const isNamed = (own: string): boolean =>
    words.includes('-o') ? patterns.some((pattern) => pattern.test(own)) : patterns.every((one) => one.test(own));
  const found: string[] = [];
  const visit = (path: string, node: FileNode): void => {
    const ownName = path.split('/').at(-1) ?? '';
    if ((kind === undefined || node.kind === kind) && isNamed(ownName)) found.push(path);
    if (node.kind !== 'folder') return;
    for (const [entry, child] of context.files.entriesOf(absolute(context, path))) {
      visit(`${path.replace(/\/$/, '')}/${entry}`, child);
    }
  };
  return attempt({ ...context, args: ['find', ...(paths.length === 0 ? ['.'] : paths)] }, async (starts) => {
    for (const start of starts) visit(start, existing(context, start));
    await context.stdout.write(Buffer.from(found.map((path) => `${path}\n`).join('')));
  });
}
