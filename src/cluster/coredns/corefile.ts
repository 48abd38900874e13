/** One plugin of a server block. */
export interface CorefileDirective {
  readonly name: string;
  readonly args: readonly string[];
  /** What is in its braces, a line each. */
  readonly lines: readonly (readonly string[])[];
  /** Where it is, from 1. */
  readonly line: number;
}

/** A server: the zones it is for, and its plugins as they are written. */
export interface ServerBlock {
  readonly zones: readonly CorefileZone[];
  readonly directives: readonly CorefileDirective[];
}

/** A domain, in lower case and with a dot at its end, and the port on which it is asked for. */
export interface CorefileZone {
  readonly zone: string;
  readonly port: number;
}

/** A configuration that cannot be read, told as CoreDNS does. */
export class CorefileError extends Error {
  constructor(file: string, line: number, problem: string) {
    super(`${file}:${line} - Error during parsing: ${problem}`);
    this.name = 'CorefileError';
  }
}

export interface CorefilePlace {
  /** Its path, for what is said about it. */
  readonly file: string;
  /** What `{$NAME}` and `{%NAME%}` stand for. */
  readonly env: ReadonlyMap<string, string>;
  /** For zones that say none. */
  readonly port: number;
}

interface Line {
  readonly words: readonly string[];
  readonly number: number;
}

/** Reads a Corefile, but for snippets and `import`. @throws CorefileError */
export function parseCorefile(text: string, place: CorefilePlace): readonly ServerBlock[] {
  const lines = linesOf(text, place);
  const blocks: ServerBlock[] = [];
  let keys: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const { words, number } = lines[at] ?? { words: [], number: 0 };
    const opens = words.at(-1) === '{';
    const own = opens ? words.slice(0, -1) : words;
    if (own.some((word) => word.startsWith('(')) || own[0] === 'import') {
      throw new CorefileError(place.file, number, 'snippets and import are not there in this simulated CoreDNS');
    }
    if (own[0] === '}') throw new CorefileError(place.file, number, "Unexpected '}' because no matching opening brace");
    keys.push(...own.map((word) => word.replace(/,$/, '')).filter((word) => word !== ''));
    if (!opens && own.at(-1)?.endsWith(',') === true) continue;
    // One server alone may go without braces.
    const end = { words: ['}'], number: lines.at(-1)?.number ?? number };
    const body = directivesOf(opens ? lines : [...lines, end], at + 1, place);
    blocks.push({ zones: keys.map((key) => zoneOf(key, number, place)), directives: body.directives });
    keys = [];
    at = body.end;
  }
  return blocks;
}

/** The plugins from a line on, and the line that closes their braces. */
function directivesOf(
  lines: readonly Line[],
  start: number,
  { file }: CorefilePlace,
): { readonly directives: readonly CorefileDirective[]; readonly end: number } {
  const directives: CorefileDirective[] = [];
  for (let at = start; at < lines.length; at++) {
    const { words, number } = lines[at] ?? { words: [], number: 0 };
    if (words[0] === '}') return { directives, end: at };
    const [name = '', ...args] = words;
    const inner: (readonly string[])[] = [];
    if (args.at(-1) === '{') {
      args.pop();
      for (at += 1; lines[at] !== undefined && lines[at]?.words[0] !== '}'; at++) inner.push(lines[at]?.words ?? []);
      if (lines[at] === undefined) throw new CorefileError(file, number, 'Unexpected EOF');
    }
    directives.push({ name, args, lines: inner, line: number });
  }
  throw new CorefileError(file, lines.at(-1)?.number ?? 1, 'Unexpected EOF');
}

function linesOf(text: string, { env }: CorefilePlace): readonly Line[] {
  return text.split('\n').flatMap((raw, index) => {
    const whole = raw.replace(/\{\$(\w+)\}|\{%(\w+)%\}/g, (_, unix?: string, windows?: string) => {
      return env.get(unix ?? windows ?? '') ?? '';
    });
    const words = [...whole.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
      ([, quoted, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
    );
    const comment = words.findIndex((word) => word.startsWith('#'));
    const kept = comment < 0 ? words : words.slice(0, comment);
    return kept.length === 0 ? [] : [{ words: kept, number: index + 1 }];
  });
}

/** `example.org:1053`, `.`, `dns://.:53`. @throws CorefileError for what is not spoken here */
function zoneOf(key: string, line: number, place: CorefilePlace): CorefileZone {
  const [, scheme = 'dns', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(key) ?? [];
  if (scheme !== 'dns') {
    throw new CorefileError(
      place.file,
      line,
      `${scheme}:// is not there in this simulated CoreDNS, which speaks plain DNS`,
    );
  }
  const [, zone = '', port] = /^(.*?)(?::(\d+))?$/.exec(rest) ?? [];
  return { zone: wholeZone(zone), port: port === undefined ? place.port : Number(port) };
}

/** A zone as it is compared: in lower case, with a dot at its end; ranges of addresses (`10.0.0.0/24`) by their reverse names. */
export function wholeZone(zone: string): string {
  const [, v4, bits] = /^(\d+\.\d+\.\d+\.\d+)\/(8|16|24|32)$/.exec(zone) ?? [];
  if (v4 !== undefined && bits !== undefined) {
    return `${v4
      .split('.')
      .slice(0, Number(bits) / 8)
      .toReversed()
      .join('.')}.in-addr.arpa.`;
  }
  const lower = zone.toLowerCase();
  return lower === '' || lower.endsWith('.') ? lower || '.' : `${lower}.`;
}

/** Whether a name is in a zone; both end with a dot. */
export function isInZone(name: string, zone: string): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`);
}
