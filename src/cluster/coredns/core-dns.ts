import { addAbortSignal, type Duplex } from 'node:stream';
import { decodeDnsQuery, type DnsAnswer, type DnsQuestion, encodeDnsAnswer } from '../../apimachinery/dns-message.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { metricLabelText } from '../../apimachinery/prometheus-text.ts';
import { parseFlags } from '../../node/cri/simulation/images/program-flags.ts';
import { FileError } from '../../node/cri/simulation/memory-files.ts';
import { killedExitCode, type ProcessContext, type Program } from '../../node/cri/simulation/process-context.ts';
import type { ClusterDns } from '../../node/proxy/cluster-dns.ts';
import { sleep } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { type ClusterNames, followClusterNames } from './cluster-names.ts';
import { isInZone, parseCorefile } from './corefile.ts';
import { buildServers, type NameServer } from './name-servers.ts';
import { rewriteQuestion } from './rewrite-rules.ts';
import { openSidePorts } from './side-ports.ts';

/** What the program takes from where it runs besides what a process sees. */
export interface CoreDnsOptions {
  readonly random: Random;
  readonly log: Logger;
}

const reloadMillis = 30_000;
const mostAliases = 8;
const version = '1.14.2';

/**
 * The program of the image `coredns`, which agnhost has too: a name server over UDP and TCP after a Corefile (`-conf`),
 * with the plugins that name-servers.ts lists; another one ends it with an error that says so.
 */
export function coreDns(options: CoreDnsOptions): Program {
  return async (context) => {
    const running = new CoreDns(context, options);
    try {
      await running.run();
      return killedExitCode;
    } catch (error) {
      await context.stderr.write(Buffer.from(`${messageOf(error)}\n`));
      return 1;
    } finally {
      await running.stop();
    }
  };
}

class CoreDns {
  readonly #context: ProcessContext;
  readonly #options: CoreDnsOptions;
  readonly #flags: ReadonlyMap<string, string>;
  #servers: readonly NameServer[] = [];
  #close: (() => void)[] = [];
  #names: Promise<ClusterNames> | undefined;
  #known: ClusterNames | undefined;
  #text = '';
  readonly #counts = new Map<string, number>();

  constructor(context: ProcessContext, options: CoreDnsOptions) {
    this.#context = context;
    this.#options = options;
    this.#flags = parseFlags(context.args.slice(1));
  }

  /** Serves until the process is killed. @throws Error for a configuration that cannot be used */
  async run(): Promise<void> {
    this.#text = this.#read();
    this.#servers = await this.#build(this.#text);
    this.#open();
    const places = this.#servers.map(({ zone, port }) => `${zone}:${port}\n`).join('');
    await this.#say(`${places}CoreDNS-${version}\nlinux/amd64, simulated\n`);
    const { clock, signal } = this.#context;
    while (await sleep(clock, reloadMillis, signal)) {
      if (this.#servers.some(({ reloads }) => reloads)) await this.#reload();
    }
  }

  async stop(): Promise<void> {
    this.#shut();
    const names = await this.#names?.catch(() => undefined);
    await names?.stop();
  }

  /** Takes up what has changed in the configuration; what is wrong with it is said, and the old one stays. */
  async #reload(): Promise<void> {
    try {
      const text = this.#read();
      if (text === this.#text) return;
      this.#text = text;
      await this.#say('[INFO] Reloading\n');
      this.#servers = await this.#build(text);
      this.#shut();
      this.#open();
      await this.#say('[INFO] Reloading complete\n');
    } catch (error) {
      await this.#say(`[ERROR] Restart failed: ${messageOf(error)}\n`);
    }
  }

  #read(): string {
    const file = this.#file;
    try {
      return Buffer.from(this.#context.files.readFile(file)).toString('utf8');
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      // Without a configuration that is named there is a usual one.
      if (this.#flags.get('conf') === undefined) return '.:53 {\nwhoami\nlog\n}\n';
      throw new Error(`open ${file}: no such file or directory`, { cause: error });
    }
  }

  get #file(): string {
    return this.#flags.get('conf') ?? 'Corefile';
  }

  #build(text: string): Promise<readonly NameServer[]> {
    const context = this.#context;
    const port = Number(this.#flags.get('dns.port') ?? this.#flags.get('p') ?? 53);
    const blocks = parseCorefile(text, { file: this.#file, env: context.env, port });
    return buildServers(blocks, { context, file: this.#file, cluster: () => this.#cluster() });
  }

  /** The names of the cluster, which are followed from the first time on that they are asked for. */
  async #cluster(): Promise<ClusterDns> {
    this.#names ??= followClusterNames(this.#context, this.#options);
    this.#known = await this.#names;
    return this.#known.dns;
  }

  #unready(): readonly string[] {
    return this.#known?.isSynced() === false ? ['kubernetes'] : [];
  }

  #open(): void {
    const { listenDatagrams, listenRaw } = this.#context;
    for (const port of new Set(this.#servers.map((server) => server.port))) {
      this.#close.push(
        listenDatagrams(port, (payload, from) => this.#answer(port, payload, from, 'udp')),
        listenRaw(port, (connection) => void this.#serve(port, connection)),
      );
    }
    this.#close.push(
      openSidePorts(this.#context, this.#servers, { unready: () => this.#unready(), counts: this.#counts, version }),
    );
  }

  #shut(): void {
    for (const close of this.#close.splice(0)) close();
  }

  async #answer(port: number, payload: Uint8Array, from: string, protocol: string): Promise<Uint8Array | undefined> {
    const query = decodeDnsQuery(payload);
    if (query === undefined) return undefined;
    const name = query.name.toLowerCase();
    const server = this.#servers
      .filter((each) => each.port === port && isInZone(name, each.zone))
      .toSorted((left, right) => right.zone.length - left.zone.length)[0];
    const begun = this.#context.clock.now();
    const answer = server === undefined ? { code: 'REFUSED' as const, records: [] } : await this.#find(server, query);
    const bytes = encodeDnsAnswer(query, answer);
    if (server === undefined) return bytes;
    const labels = { server: `dns://:${port}`, zone: server.zone, proto: protocol, type: query.type ?? 'other' };
    const key = Object.entries(labels)
      .map(([label, value]) => metricLabelText(label, value))
      .join(',');
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (server.logs) {
      const seconds = ((this.#context.clock.now() - begun) / 1000).toFixed(9);
      const asked = `"${query.type ?? 'NONE'} IN ${query.name} ${protocol} ${payload.length} false 512"`;
      const flags = answer.isAuthoritative === true ? 'qr,aa,rd' : 'qr,rd,ra';
      await this.#say(`[INFO] ${from}:0 - ${query.id} ${asked} ${answer.code} ${flags} ${bytes.length} ${seconds}s\n`);
    }
    return bytes;
  }

  /** Asks the plugins in turn; where an alias leads out of what one knows, the whole server is asked for the rest. */
  async #find(server: NameServer, question: DnsQuestion, depth = 0): Promise<DnsAnswer> {
    const { name, type } = question;
    const asked = rewriteQuestion(server.rules, { name: name.toLowerCase(), type });
    for (const handler of server.handlers) {
      const answer = await handler(asked.question);
      if (answer === undefined) continue;
      const records = answer.records.map(asked.restore);
      const last = answer.records.at(-1);
      const isOpen = last?.type === 'CNAME' && (type === 'A' || type === 'AAAA') && depth < mostAliases;
      if (!isOpen || !isInZone(last.data, server.zone)) return { ...answer, records };
      const rest = await this.#find(server, { type, name: last.data }, depth + 1);
      return { ...answer, records: [...records, ...rest.records] };
    }
    return { code: 'REFUSED', records: [] };
  }

  /** Over TCP each message says how long it is. The connection ends with the process. */
  async #serve(port: number, connection: Duplex): Promise<void> {
    addAbortSignal(this.#context.signal, connection);
    let rest = Buffer.alloc(0);
    try {
      for await (const chunk of connection) {
        rest = Buffer.concat([rest, chunk as Uint8Array]);
        while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
          const length = rest.readUInt16BE(0);
          const answer = await this.#answer(port, rest.subarray(2, 2 + length), '', 'tcp');
          rest = rest.subarray(2 + length);
          if (answer === undefined) return;
          connection.write(Buffer.concat([Uint8Array.of(answer.length >> 8, answer.length & 0xff), answer]));
        }
      }
    } catch {
      // Who has gone wants no answer.
    } finally {
      connection.destroy();
    }
  }

  #say(text: string): Promise<void> {
    return this.#context.stdout.write(Buffer.from(text));
  }
}
