import { isIP } from 'node:net';
import { type DnsRecord, type DnsType, dnsTypes } from '../../../apimachinery/dns-record.ts';
import { reverseName } from '../../../apimachinery/reverse-name.ts';
import { addressOf } from './http-request.ts';
import { askServers, dnsPort, nameServers, searchName, type ServerAnswer } from './name-resolver.ts';
import type { ProcessContext, Program } from './process-context.ts';

/** Programs that look names up. */
export const dnsPrograms: Readonly<Record<string, Program>> = {
  dig: runDig,
  getent: runGetent,
  nslookup: runLookup,
};

const otherTypes = new Set(['ANY', 'TXT', 'MX', 'NS', 'SOA', 'CAA']);

/** What dig writes of an answer, and how each is switched on (`+answer`) and off (`+noanswer`). */
const digParts = ['cmd', 'comments', 'question', 'answer', 'stats'] as const;
type DigPart = (typeof digParts)[number];

/**
 * `dig [@SERVER] [-p PORT] [+search] NAME [TYPE]`, `dig -x ADDRESS`: the answer in all its parts, or those that are
 * wanted; with +short what is in each record alone.
 */
async function runDig(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const asked = digWords(words);
  const parts = digPartsOf(words);
  const write = (text: string): Promise<void> => context.stdout.write(Buffer.from(text));
  const isShort = words.includes('+short');
  if (parts.has('cmd') && !isShort) {
    await write(`\n; <<>> DiG 9.20 (simulated) <<>> ${words.join(' ')}\n;; global options: +cmd\n`);
  }
  const answer = await digAnswer(context, asked, words.includes('+search'));
  if (answer === undefined) {
    await write(';; connection timed out; no servers could be reached\n');
    return 9;
  }
  if (isShort) await write(answer.records.map(({ data }) => `${data}\n`).join(''));
  else await write(shownAnswer(answer, asked.typeName, parts, new Date(context.clock.now())));
  return 0;
}

async function digAnswer(
  context: ProcessContext,
  { name, type, server, port }: DigWords,
  isSearched: boolean,
): Promise<ServerAnswer | undefined> {
  // Of other kinds there are no records here: what is asked for in their place has none that are told.
  const kind = type ?? 'A';
  let answer;
  if (isSearched && server === undefined) answer = await searchName(context, name, kind);
  else {
    const address = server === undefined || isIP(server) > 0 ? server : await addressOf(context, server);
    const servers = address === undefined ? nameServers(context) : [address];
    answer = await askServers(context, servers, name, kind, port);
  }
  return answer === undefined || type !== undefined ? answer : { ...answer, records: [] };
}

function digPartsOf(words: readonly string[]): ReadonlySet<DigPart> {
  const parts = new Set<DigPart>(digParts);
  for (const word of words) {
    const [, no, name = ''] = /^\+(no)?(\w+)$/.exec(word) ?? [];
    for (const part of digParts) {
      if (name !== part && name !== 'all') continue;
      if (no === undefined) parts.add(part);
      else parts.delete(part);
    }
  }
  return parts;
}

function shownAnswer(answer: ServerAnswer, type: string, parts: ReadonlySet<DigPart>, now: Date): string {
  const { code, records, server, port, id, size, name, isAuthoritative } = answer;
  const flags = isAuthoritative === true ? 'qr aa rd ra' : 'qr rd ra';
  const counts = `QUERY: 1, ANSWER: ${records.length}, AUTHORITY: 0, ADDITIONAL: 0`;
  const hasComments = parts.has('comments');
  const title = (text: string): string => (hasComments ? `;; ${text} SECTION:\n` : '');
  const lines = records.map(
    (record) => `${record.name}\t${record.seconds ?? 30}\tIN\t${record.type}\t${record.data}\n`,
  );
  const gap = hasComments ? '\n' : '';
  return [
    hasComments ? `;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${code}, id: ${id}\n` : '',
    hasComments ? `;; flags: ${flags}; ${counts}\n\n` : '',
    parts.has('question') ? `${title('QUESTION')};${name}\t\tIN\t${type}\n${gap}` : '',
    parts.has('answer') && lines.length > 0 ? `${title('ANSWER')}${lines.join('')}${gap}` : '',
    parts.has('stats') ? `;; Query time: 0 msec\n;; SERVER: ${server}#${port}(${server}) (UDP)\n` : '',
    parts.has('stats') ? `;; WHEN: ${now.toUTCString()}\n;; MSG SIZE  rcvd: ${size}\n\n` : '',
  ].join('');
}

interface DigWords {
  readonly name: string;
  /** Undefined for kinds of records that nobody has here. */
  readonly type: DnsType | undefined;
  /** As it was asked for. */
  readonly typeName: string;
  readonly server: string | undefined;
  readonly port: number;
}

function digWords(words: readonly string[]): DigWords {
  let [name, server, port]: [string, string | undefined, number] = ['', undefined, dnsPort];
  let type: DnsType | undefined = 'A';
  let other: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const known = dnsTypes.find((candidate) => candidate === word.toUpperCase());
    if (word === '-p') port = Number(words[++at]) || dnsPort;
    else if (word === '-x') [name, type] = [reverseName(words[++at] ?? '') ?? '', 'PTR'];
    else if (word.startsWith('@')) server = word.slice(1);
    else if (known !== undefined) type = known;
    else if (otherTypes.has(word.toUpperCase())) [type, other] = [undefined, word.toUpperCase()];
    else if (!/^[+-]/.test(word) && word !== 'IN' && name === '') name = word;
  }
  return { name, type, typeName: type ?? other ?? 'ANY', server, port };
}

/** `getent hosts NAME`. */
async function runGetent(context: ProcessContext): Promise<number> {
  const [, database = '', name = ''] = context.args;
  const address = database === 'hosts' ? await addressOf(context, name) : undefined;
  if (address === undefined) return 2;
  await context.stdout.write(Buffer.from(`${address.padEnd(16)}  ${name}\n`));
  return 0;
}

/** `nslookup NAME|ADDRESS [SERVER]`. */
async function runLookup(context: ProcessContext): Promise<number> {
  const [name = '', server] = context.args.slice(1).filter((word) => !word.startsWith('-'));
  const write = (text: string): Promise<void> => context.stdout.write(Buffer.from(text));
  const address = server === undefined || isIP(server) > 0 ? server : await addressOf(context, server);
  const back = reverseName(name);
  const answers: ServerAnswer[] = [];
  for (const type of back === undefined ? (['A', 'AAAA'] as const) : (['PTR'] as const)) {
    const asked = back ?? name;
    const answer =
      address === undefined
        ? await searchName(context, asked, type)
        : await askServers(context, [address], asked, type);
    if (answer !== undefined) answers.push(answer);
  }
  const [first] = answers;
  if (first === undefined) {
    await write(';; connection timed out; no servers could be reached\n\n');
    return 1;
  }
  await write(`Server:\t\t${server ?? first.server}\nAddress:\t${first.server}#${first.port}\n\n`);
  const records = answers.flatMap((answer) => answer.records);
  if (records.length === 0) {
    const { code } = answers.find((answer) => answer.code === 'NOERROR') ?? first;
    if (code === 'NOERROR') await write(`*** Can't find ${name}: No answer\n\n`);
    else await write(`** server can't find ${(back ?? name).replace(/\.$/, '')}: ${code}\n\n`);
    return 1;
  }
  if (first.isAuthoritative !== true) await write('Non-authoritative answer:\n');
  const lines = new Set(records.map(lookupLine));
  await write(`${[...lines].join('')}\n`);
  return 0;
}

function lookupLine({ name, type, data }: DnsRecord): string {
  const bare = name.replace(/\.$/, '');
  if (type === 'PTR') return `${bare}\tname = ${data}\n`;
  return type === 'CNAME' ? `${bare}\tcanonical name = ${data}\n` : `Name:\t${bare}\nAddress: ${data}\n`;
}
