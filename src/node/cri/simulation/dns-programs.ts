import { isIP } from 'node:net';
import { type DnsType, dnsTypes } from '../../../apimachinery/dns-record.ts';
import { reverseName } from '../../../apimachinery/reverse-name.ts';
import { addressesOf, addressOf } from './http-request.ts';
import { askServers, dnsPort, nameServers, resolveName } from './name-resolver.ts';
import type { ProcessContext, Program } from './process-context.ts';

/** Programs that look names up. */
export const dnsPrograms: Readonly<Record<string, Program>> = {
  dig: runDig,
  getent: runGetent,
  nslookup: runLookup,
};

const otherTypes = new Set(['ANY', 'TXT', 'MX', 'NS', 'SOA', 'CAA']);

/**
 * `dig [@SERVER] [-p PORT] [+search] NAME [TYPE]`, `dig -x ADDRESS`: a line for each record, or with +short what is in it
 * alone.
 */
async function runDig(context: ProcessContext): Promise<number> {
  const { name, type, server, port } = digWords(context.args.slice(1));
  const isSearched = context.args.includes('+search');
  let found = [] as Awaited<ReturnType<typeof resolveName>>;
  if (type !== undefined) {
    const servers =
      server === undefined
        ? nameServers(context)
        : [isIP(server) > 0 ? server : ((await addressOf(context, server)) ?? server)];
    found =
      isSearched && server === undefined
        ? await resolveName(context, name, type)
        : ((await askServers(context, servers, name, type, port))?.records ?? []);
  }
  const short = context.args.includes('+short');
  const lines = found.map((record) =>
    short ? `${record.data}\n` : `${record.name}\t${record.seconds ?? 30}\tIN\t${record.type}\t${record.data}\n`,
  );
  await context.stdout.write(Buffer.from(lines.join('')));
  return 0;
}

interface DigWords {
  readonly name: string;
  /** Undefined for kinds of records that nobody has here. */
  readonly type: DnsType | undefined;
  readonly server: string | undefined;
  readonly port: number;
}

function digWords(words: readonly string[]): DigWords {
  let [name, server, port]: [string, string | undefined, number] = ['', undefined, dnsPort];
  let type: DnsType | undefined = 'A';
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const known = dnsTypes.find((candidate) => candidate === word.toUpperCase());
    if (word === '-p') port = Number(words[++at]) || dnsPort;
    else if (word === '-x') [name, type] = [reverseName(words[++at] ?? '') ?? '', 'PTR'];
    else if (word.startsWith('@')) server = word.slice(1);
    else if (known !== undefined) type = known;
    else if (otherTypes.has(word.toUpperCase())) type = undefined;
    else if (!/^[+-]/.test(word) && word !== 'IN' && name === '') name = word;
  }
  return { name, type, server, port };
}

/** `getent hosts NAME`. */
async function runGetent(context: ProcessContext): Promise<number> {
  const [, database = '', name = ''] = context.args;
  const address = database === 'hosts' ? await addressOf(context, name) : undefined;
  if (address === undefined) return 2;
  await context.stdout.write(Buffer.from(`${address.padEnd(16)}  ${name}\n`));
  return 0;
}

/** `nslookup NAME [SERVER]`. */
async function runLookup(context: ProcessContext): Promise<number> {
  const [name = '', server] = context.args.slice(1).filter((word) => !word.startsWith('-'));
  const found = server === undefined ? await addressesOf(context, name) : await addressesAt(context, server, name);
  if (found.length === 0) {
    await context.stdout.write(Buffer.from(`** server can't find ${name}: NXDOMAIN\n\n`));
    return 1;
  }
  await context.stdout.write(Buffer.from(found.map((address) => `Name:\t${name}\nAddress: ${address}\n`).join('')));
  return 0;
}

/** The addresses that one server has for a name. */
async function addressesAt(context: ProcessContext, server: string, name: string): Promise<readonly string[]> {
  const address = isIP(server) > 0 ? server : await addressOf(context, server);
  const found: string[] = [];
  for (const type of ['A', 'AAAA'] as const) {
    const answer = address === undefined ? undefined : await askServers(context, [address], name, type);
    found.push(...(answer?.records ?? []).flatMap((record) => (record.type === type ? [record.data] : [])));
  }
  return found;
}
