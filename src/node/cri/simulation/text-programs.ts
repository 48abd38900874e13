import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext, Program } from './process-context.ts';
import { evaluateArithmetic } from './shell-arithmetic.ts';
import { ShellSyntaxError } from './shell-grammar.ts';

/** Programs that read, count and write text. */
export const textPrograms: Readonly<Record<string, Program>> = {
  awk: runAwk,
  basename: (context) => {
    const [path = '', suffix = ''] = context.args.slice(1);
    const name = path.replace(/\/+$/, '').split('/').at(-1) ?? '';
    return print(
      context,
      `${name !== suffix && name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name}\n`,
    );
  },
  cut: async (context) => {
    const flags = cutFlags(context.args.slice(1));
    const lines = linesOf((await inputs(context, flags.paths)).text);
    const pieces = (line: string): string[] => (flags.byField ? line.split(flags.delimiter) : line.split(''));
    const chosen = lines.map((line) => {
      if (flags.byField && !line.includes(flags.delimiter)) return line;
      return pieces(line)
        .filter((_piece, at) => flags.ranges.some(([from, to]) => at + 1 >= from && at + 1 <= to))
        .join(flags.byField ? flags.delimiter : '');
    });
    return print(context, chosen.map((line) => `${line}\n`).join(''));
  },
  dirname: (context) => {
    const path = context.args[1] ?? '';
    const cut = path.replace(/\/+$/, '').lastIndexOf('/');
    return print(context, `${cut < 0 ? '.' : path.slice(0, Math.max(cut, 1))}\n`);
  },
  expr: runExpr,
  grep: runGrep,
  head: (context) => runLines(context, (lines, count) => lines.slice(0, count)),
  hexdump: async (context) => {
    const { bytes, code } = await inputs(context);
    await print(context, hexLines(bytes));
    return code;
  },
  printf: (context) => print(context, formatted(context.args[1] ?? '', context.args.slice(2))),
  seq: (context) => {
    const numbers = context.args.slice(1).map(Number);
    const [first, step, last] =
      numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
    const lines: string[] = [];
    for (let value = first ?? 1; (step ?? 1) > 0 ? value <= (last ?? 0) : value >= (last ?? 0); value += step ?? 1) {
      lines.push(`${value}\n`);
      if (step === 0) break;
    }
    return print(context, lines.join(''));
  },
  sort: async (context) => {
    const flags = flagsOf(context.args);
    const lines = linesOf((await inputs(context)).text);
    const byNumber = (left: string, right: string): number => Number.parseFloat(left) - Number.parseFloat(right);
    const sorted = flags.includes('n') ? lines.toSorted(byNumber) : lines.toSorted();
    if (flags.includes('r')) sorted.reverse();
    return print(context, (flags.includes('u') ? [...new Set(sorted)] : sorted).map((line) => `${line}\n`).join(''));
  },
  tee: async (context) => {
    const chunks: Uint8Array[] = [];
    const paths = context.args.slice(1).filter((word) => !word.startsWith('-'));
    for await (const chunk of context.stdin.chunks(context.signal)) {
      chunks.push(chunk);
      await context.stdout.write(chunk);
      for (const path of paths) {
        context.files.writeFile(MemoryFiles.absolute(path, context.workingFolder), Buffer.concat(chunks));
      }
    }
    return 0;
  },
  uniq: async (context) => {
    const lines = linesOf((await inputs(context)).text);
    return print(
      context,
      lines
        .filter((line, at) => line !== lines[at - 1])
        .map((line) => `${line}\n`)
        .join(''),
    );
  },
  wc: async (context) => {
    const flags = flagsOf(context.args);
    const { bytes, text, code } = await inputs(context);
    const counts = [
      ...(flags === '' || flags.includes('l') ? [text.split('\n').length - 1] : []),
      ...(flags === '' || flags.includes('w') ? [text.split(/\s+/).filter((word) => word !== '').length] : []),
      ...(flags === '' || flags.includes('c') ? [bytes.length] : []),
    ];
    const names = context.args.slice(1).filter((word) => !word.startsWith('-'));
    await print(context, `${[...counts, ...names].join(' ')}\n`);
    return code;
  },
};

async function print({ stdout }: ProcessContext, text: string): Promise<number> {
  await stdout.write(Buffer.from(text));
  return 0;
}

function flagsOf(args: readonly string[]): string {
  return args
    .slice(1)
    .flatMap((word) => (word.startsWith('-') ? [word.slice(1)] : []))
    .join('');
}

/** `-d X -f LIST` and `-c LIST`. */
function cutFlags(words: readonly string[]) {
  let [delimiter, list, byField]: [string, string, boolean] = ['\t', '', true];
  const paths: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const [, flag, inline = ''] = /^-([dfc])([^]*)$/.exec(words[at] ?? '') ?? [];
    if (flag === undefined) paths.push(words[at] ?? '');
    else {
      const value = inline === '' ? (words[++at] ?? '') : inline;
      if (flag === 'd') delimiter = value;
      else [list, byField] = [value, flag === 'f'];
    }
  }
  const ranges = list.split(',').map((range): [number, number] => {
    const [from = '', to] = range.split('-');
    return [Number(from === '' ? 1 : from), to === undefined ? Number(from) : to === '' ? Infinity : Number(to)];
  });
  return { delimiter, ranges, byField, paths };
}

/** As `hexdump -C` writes: sixteen bytes a line, with what can be read beside them. */
function hexLines(bytes: Buffer): string {
  const lines: string[] = [];
  const place = (at: number): string => at.toString(16).padStart(8, '0');
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'));
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCodePoint(byte) : '.')).join('');
    const halves = [hex.slice(0, 8).join(' '), hex.slice(8).join(' ')].map((half) => half.padEnd(23));
    lines.push(`${place(at)}  ${halves.join('  ')}  |${text}|\n`);
  }
  return `${lines.join('')}${place(bytes.length)}\n`;
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What the files say, or standard input when there are none. */
async function inputs(context: ProcessContext, paths = context.args.slice(1).filter((word) => !word.startsWith('-'))) {
  if (paths.length === 0) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of context.stdin.chunks(context.signal)) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    return { bytes, text: bytes.toString('utf8'), code: 0 };
  }
  const pieces: Uint8Array[] = [];
  let code = 0;
  for (const path of paths) {
    try {
      pieces.push(context.files.readFile(MemoryFiles.absolute(path, context.workingFolder)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await context.stderr.write(Buffer.from(`${context.args[0] ?? ''}: ${error.message}\n`));
      code = 1;
    }
  }
  const bytes = Buffer.concat(pieces);
  return { bytes, text: bytes.toString('utf8'), code };
}

/** `head -n N`, of files or of as much of the input as is needed. */
async function runLines(context: ProcessContext, pick: (lines: string[], count: number) => string[]): Promise<number> {
  const words = context.args.slice(1);
  let count = 10;
  const paths: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, inline] = /^-n?(\d+)$/.exec(word) ?? [];
    if (word === '-n') count = Number(words[++at] ?? 10);
    else if (inline !== undefined) count = Number(inline);
    else paths.push(word);
  }
  if (paths.length > 0) {
    const { text, code } = await inputs(context, paths);
    await print(
      context,
      pick(linesOf(text), count)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return code;
  }
  for (let line = 0; line < count; line++) {
    const text = await context.stdin.readLine();
    if (text === undefined) break;
    await print(context, `${text}\n`);
  }
  return 0;
}

/** With -E, -F, -i, -v, -q, -c, -o and -e. */
async function runGrep(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  let [flags, pattern]: [string, string | undefined] = ['', undefined];
  const paths: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-e') pattern = words[++at] ?? '';
    else if (word.startsWith('-') && word.length > 1) flags += word.slice(1);
    else if (pattern === undefined) pattern = word;
    else paths.push(word);
  }
  const { text, code } = await inputs(context, paths);
  const source = flags.includes('F')
    ? (pattern ?? '').replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
    : (pattern ?? '');
  const expression = new RegExp(basicPattern(source, flags.includes('E')), flags.includes('i') ? 'gi' : 'g');
  const lines = linesOf(text).filter((line) => line.search(expression) >= 0 !== flags.includes('v'));
  if (!flags.includes('q')) {
    const shown = flags.includes('o') ? lines.flatMap((line) => line.match(expression) ?? []) : lines;
    await print(context, flags.includes('c') ? `${lines.length}\n` : shown.map((line) => `${line}\n`).join(''));
  }
  if (code !== 0 && lines.length === 0) return 2;
  return lines.length > 0 ? 0 : 1;
}

/** Basic regular expressions have their signs the other way round. */
function basicPattern(pattern: string, isExtended: boolean): string {
  if (isExtended) return pattern;
  return pattern.replaceAll(
    /\\([+?|(){}])|([+?|(){}])/g,
    (_whole, escaped: string | undefined, bare: string | undefined) =>
      escaped === undefined ? `\\${bare ?? ''}` : escaped,
  );
}

/** `awk [-F SEPARATOR] '{print $N, …}'`: fields of lines, and nothing else. */
async function runAwk(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  let separator: string | RegExp = /\s+/;
  const inline = /^-F(.+)$/.exec(words[0] ?? '')?.[1];
  if (inline !== undefined) separator = inline;
  else if (words[0] === '-F') separator = words[1] ?? ' ';
  const [program = '', ...paths] = words.slice(inline === undefined ? (words[0] === '-F' ? 2 : 0) : 1);
  const printed = /^\s*\{\s*print\s*((?:\$\d+\s*,?\s*)*)\}\s*$/.exec(program)?.[1];
  if (printed === undefined) {
    await context.stderr.write(Buffer.from('awk: this simulated awk knows only {print $N}\n'));
    return 2;
  }
  const fields = [...printed.matchAll(/\$(\d+)/g)].map(([, field]) => Number(field));
  const { text, code } = await inputs(context, paths);
  for (const line of linesOf(text)) {
    const pieces = separator instanceof RegExp ? line.trim().split(separator) : line.split(separator);
    const values = fields.map((field) => (field === 0 ? line : (pieces[field - 1] ?? '')));
    await print(context, `${fields.length === 0 ? line : values.join(' ')}\n`);
  }
  return code;
}

/** `expr A OP B …`; parentheses and matches are not there. */
async function runExpr(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  try {
    const text = words.map((word) => (word === '=' ? '==' : word)).join(' ');
    const value = evaluateArithmetic(text, { get: () => '0', set: () => undefined });
    await print(context, `${value}\n`);
    return value === 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    await context.stderr.write(Buffer.from('expr: syntax error\n'));
    return 2;
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  a: '\x07',
  b: '\b',
};

/** What `printf` writes: the format again and again until no word is left. */
export function formatted(format: string, words: readonly string[]): string {
  const rest = [...words];
  let text = '';
  do {
    const before = rest.length;
    text += format.replaceAll(
      /\\(0?[0-7]{1,3}|x[0-9a-fA-F]{1,2}|[^])|%(-?)(0?)(\d*)([sdiuxXcb%])/g,
      (whole: string, escaped: string | undefined, left: string, zero: string, width: string, kind: string) => {
        if (escaped !== undefined) return unescaped(escaped) ?? whole;
        if (kind === '%') return '%';
        const value = argument(rest.shift() ?? '', kind);
        return left === '-' ? value.padEnd(Number(width)) : value.padStart(Number(width), zero === '0' ? '0' : ' ');
      },
    );
    if (rest.length === before) break;
  } while (rest.length > 0);
  return text;
}

function unescaped(escaped: string): string | undefined {
  if (/^[0-7]/.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped, 8));
  if (/^x[0-9a-fA-F]/.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16));
  return escapes[escaped];
}

function argument(word: string, kind: string): string {
  if (kind === 's') return word;
  if (kind === 'c') return word.slice(0, 1);
  if (kind === 'b') return formatted(word.replaceAll('%', '%%'), []);
  const number = Math.trunc(Number(word === '' ? 0 : word));
  if (kind === 'x' || kind === 'X') return kind === 'x' ? number.toString(16) : number.toString(16).toUpperCase();
  return String(number);
}
