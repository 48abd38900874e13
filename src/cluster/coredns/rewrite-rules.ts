import type { DnsQuestion } from '../../apimachinery/dns-message.ts';
import { type DnsRecord, dnsTypes } from '../../apimachinery/dns-record.ts';
import { type CorefileDirective, CorefileError, wholeZone } from './corefile.ts';

/** Asks for something else, and tells what is answered under the names that were asked for. */
export interface RewriteRule {
  /** No rule after it is looked at once it has matched. */
  readonly isLast: boolean;
  /** @returns undefined when the rule is not for the question */
  apply(question: DnsQuestion): Rewritten | undefined;
}

/** What is asked instead. */
export interface Rewritten {
  readonly question: DnsQuestion;
  /** Turns what comes back. */
  readonly restore: (record: DnsRecord) => DnsRecord;
}

/** Turns a text, or leaves it as it is. */
type Turn = (text: string) => string;

const matches = ['exact', 'prefix', 'suffix', 'substring', 'regex'];

/** The questions of a server after its rules, and the way back for the records. */
export function rewriteQuestion(rules: readonly RewriteRule[], question: DnsQuestion): Rewritten {
  const backwards: Rewritten['restore'][] = [];
  let asked = question;
  for (const rule of rules) {
    const rewritten = rule.apply(asked);
    if (rewritten === undefined) continue;
    asked = rewritten.question;
    backwards.unshift(rewritten.restore);
    if (rule.isLast) break;
  }
  const restore = (record: DnsRecord): DnsRecord => {
    let turned = record;
    for (const back of backwards) turned = back(turned);
    return turned;
  };
  return { question: asked, restore };
}

/** `rewrite [stop|continue] name|type …`, in one line or in braces. @throws CorefileError */
export function rewriteRule(directive: CorefileDirective, file: string): RewriteRule {
  const words = [...directive.args, ...directive.lines.flat()];
  const fail = (problem: string): CorefileError =>
    new CorefileError(file, directive.line, `plugin/rewrite: ${problem}`);
  const isLast = words[0] !== 'continue';
  if (words[0] === 'stop' || words[0] === 'continue') words.shift();
  const [field = '', ...rest] = words;
  if (field === 'type') return { isLast, apply: typeRule(rest, fail) };
  if (field !== 'name') throw fail(`rewrites of names and types alone are in this simulated CoreDNS, not of ${field}`);
  const kind = matches.includes(rest[0] ?? '') ? (rest.shift() ?? '') : 'exact';
  const [from, to, ...options] = rest;
  if (from === undefined || to === undefined) throw fail('few arguments for a name rule');
  const turn = turnOf(kind, from, to, fail);
  const { isAuto, names, values } = answerTurns(options, fail);
  return {
    isLast,
    apply(question) {
      const name = turn(question.name);
      if (name === undefined) return undefined;
      const back = kind === 'exact' || isAuto ? [remap(name, question.name)] : [];
      const nameTurns = [...back, ...names];
      const valueTurns = [...back, ...values];
      return {
        question: { ...question, name },
        restore: (record) => ({
          ...record,
          name: through(nameTurns, record.name),
          data: turnData(record, valueTurns),
        }),
      };
    },
  };
}

function typeRule(words: readonly string[], fail: (problem: string) => Error): RewriteRule['apply'] {
  const [from, to] = words.map((word) => dnsTypes.find((type) => type === word.toUpperCase()));
  if (words.length !== 2 || from === undefined || to === undefined) {
    throw fail(`types are two of ${dnsTypes.join(', ')}`);
  }
  return (question) => {
    if (question.type !== from) return undefined;
    return { question: { ...question, type: to }, restore: (record) => record };
  };
}

/** How a name is turned; undefined for one that does not match. */
function turnOf(
  kind: string,
  from: string,
  to: string,
  fail: (problem: string) => Error,
): (name: string) => string | undefined {
  const [wholeFrom, wholeTo] = [wholeZone(from), wholeZone(to)];
  switch (kind) {
    case 'exact':
      return (name) => (name === wholeFrom ? wholeTo : undefined);
    case 'prefix':
      return (name) => (name.startsWith(from) ? `${to}${name.slice(from.length)}` : undefined);
    case 'suffix':
      return (name) => (name.endsWith(wholeFrom) ? `${name.slice(0, -wholeFrom.length)}${wholeTo}` : undefined);
    case 'substring':
      return (name) => (name.includes(from) ? name.replaceAll(from, to) : undefined);
    default: {
      const pattern = patternOf(from, fail);
      return (name) => {
        const found = pattern.exec(name);
        return found === null ? undefined : filled(wholeTo, found);
      };
    }
  }
}

/** `answer auto`, `answer name PATTERN TEXT`, `answer value PATTERN TEXT`. */
function answerTurns(
  options: readonly string[],
  fail: (problem: string) => Error,
): { readonly isAuto: boolean; readonly names: readonly Turn[]; readonly values: readonly Turn[] } {
  let isAuto = false;
  const turns: { readonly name: Turn[]; readonly value: Turn[] } = { name: [], value: [] };
  for (let at = 0; at < options.length;) {
    const [word, kind = ''] = options.slice(at);
    if (word !== 'answer') throw fail(`unexpected ${JSON.stringify(word)}`);
    if (kind === 'auto') {
      isAuto = true;
      at += 2;
      continue;
    }
    // Without a word for it, names are meant.
    const [list, skip] = kind === 'value' || kind === 'name' ? [turns[kind], 2] : [turns.name, 1];
    const [from, to] = options.slice(at + skip);
    if (from === undefined || to === undefined) throw fail('few arguments for an answer rule');
    const pattern = patternOf(from, fail);
    list.push((text) => {
      const found = pattern.exec(text);
      return found === null ? text : filled(wholeZone(to), found);
    });
    at += skip + 2;
  }
  return { isAuto, names: turns.name, values: turns.value };
}

function patternOf(text: string, fail: (problem: string) => Error): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw fail(`invalid regex pattern in a name rule: ${text}`);
  }
}

/** Groups of a match in the places of `{1}`. */
function filled(text: string, groups: RegExpExecArray): string {
  return text.replaceAll(/\{(\d+)\}/g, (whole, index: string) => groups[Number(index)] ?? whole);
}

/** Leads from one name, and those below it, to another. */
function remap(from: string, to: string): Turn {
  return (text) => {
    if (text === from) return to;
    return text.endsWith(`.${from}`) ? `${text.slice(0, -from.length)}${to}` : text;
  };
}

function through(turns: readonly Turn[], text: string): string {
  let turned = text;
  for (const turn of turns) turned = turn(turned);
  return turned;
}

/** The name in a record's data; addresses stay. */
function turnData({ type, data }: DnsRecord, turns: readonly Turn[]): string {
  if (type === 'A' || type === 'AAAA') return data;
  const cut = data.lastIndexOf(' ') + 1;
  return `${data.slice(0, cut)}${through(turns, data.slice(cut))}`;
}
