import {
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE_FOLDED_BLOCK,
  SCALAR_STYLE_LITERAL_BLOCK,
  YAMLException,
} from 'js-yaml';

/** js-yaml's events, with the text that their offsets point into. */
export interface YamlEvents {
  readonly events: readonly Event[];
  readonly text: string;
  /** Spaces added in front of lines (counted from 0), by which their columns are too large. */
  readonly addedIndents: ReadonlyMap<number, number>;
}

/** A syntax error: go-yaml's words with its line, and where it really is. */
export interface YamlSyntaxProblem {
  readonly message: string;
  /** From 1; undefined where it is not known. */
  readonly line: number | undefined;
  readonly column: number;
}

const addedSpaces = 40;
/**
 * How many characters are read again for the sake of lines that js-yaml refuses and go-yaml takes: each of them takes
 * another reading, and whoever sends a large text full of them is not to hold up the others.
 */
const mostReadAgain = 2 ** 24;

/**
 * Reads a text's events. Kubernetes lets the lines of a flow collection or a quoted scalar stand at any indentation,
 * which js-yaml refuses (as YAML 1.2 does); such lines are indented, which changes nothing else, and it is read again.
 */
export function readYamlEvents(given: string): YamlEvents | YamlSyntaxProblem {
  // A carriage return ends a line, alone or not, and so does U+0085; lines are counted by line feeds from here on.
  const source = /[\r\x85]/.test(given) ? given.replace(/\r\n?|\x85/g, '\n') : given;
  const wrong = wrongDirective(source) ?? wrongEnd(source);
  if (wrong !== undefined) return wrong;
  const lines = source.split('\n');
  const addedIndents = new Map<number, number>();
  for (let tries = 0; ; tries++) {
    const text = addedIndents.size === 0 ? source : lines.join('\n');
    try {
      const events = parseEvents(text, { maxDepth: 1000 });
      return loneTab(events, text, lines) ?? { events, text, addedIndents };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const mark = error.mark as { line?: number; column?: number } | undefined;
      const line = mark?.line;
      const end = endOfRoot(error, lines);
      // What follows less far in than the first value began is never looked at.
      if (end !== undefined) return readYamlEvents(`${lines.slice(0, end).join('\n')}\n`);
      if (line === undefined || tries * source.length > mostReadAgain) return problemOf(error, source, addedIndents);
      const untabbed = withoutTabs(lines[line] ?? '');
      if (untabbed !== undefined) {
        lines[line] = untabbed;
        addedIndents.set(line, addedIndents.get(line) ?? 0);
        continue;
      }
      if (error.reason !== 'deficient indentation') return problemOf(error, source, addedIndents);
      const last = endOfFlow(lines, line);
      for (let at = line; at <= last; at++) {
        // Tabs would be refused however far they are indented.
        const body = (lines[at] ?? '').replace(/^[ \t]+/, (blank) => ' '.repeat(blank.length));
        lines[at] = ' '.repeat(addedSpaces) + body;
        addedIndents.set(at, (addedIndents.get(at) ?? 0) + addedSpaces);
      }
    }
  }
}

/** The line on which the flow collection ends that is open before a line; that line itself when there is none. */
function endOfFlow(lines: readonly string[], line: number): number {
  let depth = openBrackets(lines.slice(0, line).join('\n')).length;
  let at = line;
  for (; depth > 0 && at < lines.length; at++) {
    for (const [bracket] of unquoted(lines[at] ?? '').matchAll(/[[\]{}]/g)) depth += depthOf(bracket);
  }
  return Math.max(line, at - 1);
}

/** Tabs between a key and its value, which go-yaml takes for spaces, as such; undefined for a line without. */
function withoutTabs(line: string): string | undefined {
  const changed = line.replace(
    /^([^"'#\t]*:)(\t[ \t]*)(?=\S)/,
    (_all, key: string, blank: string) => key + ' '.repeat(blank.length),
  );
  return changed === line ? undefined : changed;
}

/** A line of nothing but blanks with a tab among them: between the parts of a block go-yaml does not read it. */
function loneTab(events: readonly Event[], text: string, lines: readonly string[]): YamlSyntaxProblem | undefined {
  if (!/^ *\t[ \t]*$/m.test(text)) return undefined;
  const scalars = events.filter((event) => event.type === EVENT_ID.SCALAR);
  const brackets = [...unquoted(text).matchAll(/[[\]{}]/g)];
  let [offset, scalar, bracket, depth] = [0, 0, 0, 0];
  for (const [at, line] of lines.entries()) {
    const start = offset;
    offset += line.length + 1;
    while ((scalars[scalar]?.valueEnd ?? Infinity) <= start) scalar++;
    for (; (brackets[bracket]?.index ?? Infinity) < start; bracket++)
      depth += /[[{]/.test(brackets[bracket]?.[0] ?? '') ? 1 : -1;
    const isInScalar = (scalars[scalar]?.valueStart ?? Infinity) < start;
    // Nothing is told of the first line.
    if (at === 0 || isInScalar || depth > 0 || !/^ *\t[ \t]*$/.test(line)) continue;
    const { words } = tabWords(lines, at, true) ?? scanning('found character that cannot start any token', at);
    return { message: `yaml: line ${at + 1}: ${words}`, line: at + 1, column: line.indexOf('\t') + 1 };
  }
  return undefined;
}

/** The end of a document that has not begun. */
function wrongEnd(source: string): YamlSyntaxProblem | undefined {
  if (!/^\s*\.\.\.\s*$/.test(source)) return undefined;
  return { message: 'yaml: did not find expected node content', line: undefined, column: 1 };
}

/** The line on which the first value of a text is over, because it began further in. */
function endOfRoot({ reason, mark }: YAMLException, lines: readonly string[]): number | undefined {
  const { line, column = 0 } = (mark ?? {}) as { line?: number; column?: number };
  if (line === undefined || !/^(?:end of the stream|bad indentation)/.test(reason)) return undefined;
  const first = lines.find((text) => /^\s*[^\s#]/.test(text) && !text.startsWith('---')) ?? '';
  const indent = /^ */.exec(first)?.[0].length ?? 0;
  const startsLine = /^ *$/.test((lines[line] ?? '').slice(0, column));
  return line > 0 && startsLine && column < indent ? line : undefined;
}

/** Directives before the first document: the version must be 1.1, and there is none but %YAML and %TAG. */
function wrongDirective(source: string): YamlSyntaxProblem | undefined {
  if (!/^(?:\s*(?:#.*)?\n)*%/.test(source)) return undefined;
  for (const [index, line] of source.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, version] = /^%(\S*)\s*(\S*)/.exec(line) ?? [];
    if (name === undefined) return undefined;
    if (name === 'TAG' || (name === 'YAML' && version === '1.1')) continue;
    if (name === 'YAML') return { message: 'yaml: found incompatible YAML document', line: index + 1, column: 1 };
    const where = index === 0 ? '' : `line ${index + 1}: `;
    return { message: `yaml: ${where}found unknown directive name`, line: index + 1, column: 1 };
  }
  return undefined;
}

function problemOf(error: YAMLException, text: string, addedIndents: ReadonlyMap<number, number>): YamlSyntaxProblem {
  const mark = error.mark as { line?: number; column?: number } | undefined;
  if (mark?.line === undefined) return { message: `yaml: ${error.reason}`, line: undefined, column: 1 };
  const column = Math.max(0, (mark.column ?? 0) - (addedIndents.get(mark.line) ?? 0));
  const { words, shownLine } = goWords(error.reason, text, mark.line, column);
  const message = shownLine === undefined || shownLine < 1 ? `yaml: ${words}` : `yaml: line ${shownLine}: ${words}`;
  return { message, line: mark.line + 1, column: column + 1 };
}

interface GoWords {
  readonly words: string;
  readonly shownLine: number | undefined;
}

/** What go-yaml's scanner finds wrong is told with the line; on the first line it tells none. */
function scanning(words: string, line: number): GoWords {
  return { words, shownLine: line === 0 ? undefined : line + 1 };
}

/** What go-yaml's parser finds wrong is told with the line before it. */
function parsing(words: string, line: number): GoWords {
  return { words, shownLine: line };
}

const fixedReasons: readonly (readonly [RegExp, string])[] = [
  [/^unknown escape sequence/, 'found unknown escape character'],
  [/^expected hexadecimal character/, 'did not find expected hexdecimal number'],
  [/^name of an (alias|anchor) node/, 'did not find expected alphabetic or numeric character'],
  [/a multiline key may not be an implicit key/, "could not find expected ':'"],
  [/^expected the node content/, 'did not find expected node content'],
  [/^a line break is expected/, 'did not find expected comment or line break'],
  [/^repeat of a chomping mode/, 'did not find expected comment or line break'],
  [/verbatim tag/, "did not find the expected '>'"],
  [/^nesting exceeded/, 'exceeded max depth of 10000'],
  [/^directives end mark is expected/, 'did not find expected <document start>'],
];

/** Finds go-yaml's words for what js-yaml complains of. */
function goWords(reason: string, text: string, line: number, column: number): GoWords {
  const lines = text.split('\n');
  const source = lines[line] ?? '';
  // A value without a key is met before what stands below it.
  const keyless = lines.slice(0, line).findIndex((candidate) => /^:(\s|$)/.test(candidate));
  const isBelowKey = lines.slice(0, Math.max(0, keyless)).some((candidate) => /^\?(\s|$)/.test(candidate));
  if (keyless >= 0 && !isBelowKey) return parsing('did not find expected key', keyless);
  const tab = tabWords(lines, line) ?? tabWords(lines, line + 1);
  if (tab !== undefined) return tab;
  const fixed = fixedReasons.find(([pattern]) => pattern.test(reason));
  if (fixed !== undefined)
    return (/^(?:expected the|directives end)/.test(reason) ? parsing : scanning)(fixed[1], line);
  if (reason.startsWith('bad explicit indentation width')) {
    const isZero = /[|>][-+]?0/.test(source);
    return scanning(
      isZero ? 'found an indentation indicator equal to 0' : 'did not find expected comment or line break',
      line,
    );
  }
  if (/non-printable|null byte|valid JSON character/.test(reason))
    return { words: 'control characters are not allowed', shownLine: undefined };
  if (/^unexpected end of the stream within a (double|single) quoted/.test(reason)) {
    return scanning('found unexpected end of stream', lines.length - 1);
  }
  if (/flow collection/.test(reason)) {
    const isReserved = /^[@`%|>]/.test(source.slice(column)) || /[[{,:]\s*[@`%|>]/.test(source.slice(0, column + 1));
    if (isReserved) return scanning('found character that cannot start any token', line);
    // The end of a text is on a line of its own, even where no line feed stands before it.
    const isAtEnd = line === lines.length - 1 && column >= source.length && source !== '';
    return parsing(flowWords([...lines.slice(0, line), source.slice(0, column)].join('\n')), isAtEnd ? line + 1 : line);
  }
  if (reason.startsWith("expected ':' after a mapping key")) {
    // Braces and brackets are no key that could have a colon behind it.
    if (/^\s*[[{].*[\]}]\s*$/.test(source)) return parsing('did not find expected key', line);
    return { words: "could not find expected ':'", shownLine: line + 2 };
  }
  if (reason.startsWith('tab characters')) {
    const isBlockScalar = /[|>][-+0-9]*\s*$/.test(lines[line - 1] ?? '');
    const words = isBlockScalar
      ? 'found a tab character where an indentation space is expected'
      : 'found character that cannot start any token';
    return { words, shownLine: line + 1 };
  }
  if (/^bad indentation|^end of the stream or a document separator/.test(reason)) {
    return misplacedWords(reason, source, line, column, lines);
  }
  return scanning(reason, line);
}

const headOfBlockScalar = /[|>][-+0-9]*(?:\s+#.*)?$/;

/** A tab among what a line is indented by: go-yaml's words depend on what stands above. */
function tabWords(lines: readonly string[], at: number, isBlank = false): GoWords | undefined {
  const indentation = /^[ \t]*/.exec(lines[at] ?? '')?.[0] ?? '';
  const column = indentation.indexOf('\t');
  if (column < 0 || (indentation.length === lines[at]?.length && !isBlank)) return undefined;
  let above = at - 1;
  while (above >= 0 && (lines[above] ?? '').trim() === '') above--;
  const indentOf = (line: number): number => /^ */.exec(lines[line] ?? '')?.[0].length ?? 0;
  for (let head = above, least = Infinity; head >= 0 && least > 0; head--) {
    const text = lines[head] ?? '';
    if (text.trim() === '') continue;
    if (headOfBlockScalar.test(text) && indentOf(head) < least && column <= indentOf(above)) {
      return scanning('found a tab character where an indentation space is expected', at);
    }
    least = Math.min(least, indentOf(head));
  }
  const value = /^\s*(?:- +)*(?:[^\s"'#{[][^#]*?: +)?(.*)$/.exec(lines[above] ?? '')?.[1] ?? '';
  const isPlain = /^[^\s"'[{|>&*!#]/.test(value) && !/:\s*$| #/.test(value);
  if (isPlain && column <= indentOf(above)) return scanning('found a tab character that violates indentation', at);
  return undefined;
}

/** How much deeper it goes behind a bracket or brace. */
function depthOf(bracket = ''): number {
  return bracket === '[' || bracket === '{' ? 1 : -1;
}

/** A text with blanks in the place of what is quoted. */
function unquoted(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/gs, (quoted) => ' '.repeat(quoted.length));
}

/** The brackets and braces that are open at the end of a text. */
function openBrackets(text: string): readonly string[] {
  const open: string[] = [];
  for (const char of unquoted(text)) {
    if (char === '[' || char === '{') open.push(char);
    else if (char === ']' || char === '}') open.pop();
  }
  return open;
}

/** An unclosed collection: go-yaml misses what should separate or close the innermost one. */
function flowWords(text: string): string {
  if (/[[{,:]\s*$/.test(text)) return 'did not find expected node content';
  return openBrackets(text).at(-1) === '{' ? "did not find expected ',' or '}'" : "did not find expected ',' or ']'";
}

function misplacedWords(
  reason: string,
  source: string,
  line: number,
  column: number,
  lines: readonly string[],
): GoWords {
  const rest = source.slice(column);
  const before = source.slice(0, column);
  const startsLine = before.trim() === '';
  if (source.startsWith('\t')) return scanning('found character that cannot start any token', line);
  if (/^[@`%]/.test(rest)) return scanning('found character that cannot start any token', line);
  if (/^[\]}]/.test(rest)) {
    const isInPlace = startsLine || /[:,-]\s*$/.test(before);
    return parsing(isInPlace ? 'did not find expected node content' : 'did not find expected key', line);
  }
  if (/^:(\s|$)/.test(rest)) return scanning('mapping values are not allowed in this context', line);
  if (!startsLine && /^-(\s|$)/.test(rest)) {
    return scanning('block sequence entries are not allowed in this context', line);
  }
  if (!startsLine && /^\?(\s|$)/.test(rest)) return scanning('mapping keys are not allowed in this context', line);
  const missed = missedIn(lines, line, column);
  if (startsLine && missed !== undefined) return parsing(missed, line);
  const first = lines.find((candidate) => /^[^\s#]/.test(candidate) && !candidate.startsWith('---')) ?? '';
  const isList = /^-(\s|$)/.test(first);
  if (/sequence entry/.test(reason) || (reason.startsWith('end') && isList)) {
    return parsing("did not find expected '-' indicator", line);
  }
  const isPlainText = !/^[^\s"'][^#]*?:(\s|$)/.test(first) && !/^["'].*["']\s*:/.test(first);
  if (reason.startsWith('end') && isPlainText) {
    return scanning('mapping values are not allowed in this context', line);
  }
  return parsing('did not find expected key', line);
}

/** What the block that a line stands in, by its indentation, would go on with. */
function missedIn(lines: readonly string[], line: number, column: number): string | undefined {
  for (let above = line - 1; above >= 0; above--) {
    const [, blank = '', dash = '', rest = ''] = /^( *)((?:- +)?)(.*)$/.exec(lines[above] ?? '') ?? [];
    if (dash === '' && rest === '') continue;
    if (blank.length === column)
      return dash === '' ? 'did not find expected key' : "did not find expected '-' indicator";
    if (dash !== '' && blank.length + dash.length === column) return 'did not find expected key';
    if (blank.length < column) return undefined;
  }
  return undefined;
}

/** What a scalar says. A block that ends with the text, without a line break, has none either; js-yaml adds one. */
export function scalarTextOf(text: string, event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): string {
  const value = getScalarValue(text, event);
  const isBlock = event.style === SCALAR_STYLE_LITERAL_BLOCK || event.style === SCALAR_STYLE_FOLDED_BLOCK;
  const isCutOff = isBlock && event.valueEnd >= text.length && !text.endsWith('\n');
  return isCutOff && value.endsWith('\n') ? value.slice(0, -1) : value;
}
