import { messageOf } from '../../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../apimachinery/json.ts';
import { parseJson } from '../../../../apimachinery/json-codec.ts';
import { sleep } from '../../../../system/clock.ts';
import { ask } from '../http-request.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';
import { inClusterConfig, readApi } from './in-cluster-api.ts';
import { objectAt, textOf } from './json-fields.ts';
import { parseFlags } from './program-flags.ts';
import { type Answer, pathOf, readRequest, serve } from './web-server.ts';

const pauseMillis = 5000;
const searchMillis = 300_000;
const rounds = 15;
const mostLines = 500;

/** `agnhost nettest`: pods of a service that write to each other, and tell whether all have heard of all. */
export async function runNettest(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const state = new NettestState(context, {
    peers: Number(flags.get('peers') ?? 8),
    service: flags.get('service') ?? 'nettest',
    namespace: flags.get('namespace') ?? 'default',
  });
  const ended = new AbortController();
  const delayMillis = Number(flags.get('delay-shutdown') ?? 0) * 1000;
  if (delayMillis > 0) {
    context.signals.set('TERM', () => void sleep(context.clock, delayMillis, context.signal).then(() => ended.abort()));
  }
  const signal = AbortSignal.any([context.signal, ended.signal]);
  void state.contactOthers();
  const answer: Answer = async (request, response) => {
    const path = pathOf(request);
    if (path === '/read') response.end(JSON.stringify(state.read(), undefined, '\t'));
    else if (path === '/write') response.end(`${JSON.stringify(state.write(await readRequest(request)))}\n`);
    else if (path === '/status') response.end(state.status());
    else if (path === '/quit') ended.abort();
    else response.writeHead(404).end('404 page not found\n');
  };
  await serve({ ...context, signal }, Number(flags.get('port') ?? 8080), answer);
  return context.signal.aborted ? killedExitCode : 0;
}

/** What a pod has sent and received. */
class NettestState {
  readonly #context: ProcessContext;
  readonly #wanted: { readonly peers: number; readonly service: string; readonly namespace: string };
  readonly #sent: Record<string, number> = {};
  readonly #received: Record<string, number> = {};
  readonly #errors: string[] = [];
  readonly #log: string[] = [];
  #isContacting = true;

  constructor(
    context: ProcessContext,
    wanted: { readonly peers: number; readonly service: string; readonly namespace: string },
  ) {
    this.#context = context;
    this.#wanted = wanted;
  }

  /** All of it, with the names of the real program. */
  read(): Record<string, unknown> {
    const listOrNull = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list);
    const mapOrNull = (map: object): object | null => (Object.keys(map).length === 0 ? null : map);
    return {
      Hostname: this.#context.hostname,
      Sent: mapOrNull(this.#sent),
      Received: mapOrNull(this.#received),
      Errors: listOrNull(this.#errors),
      Log: listOrNull(this.#log),
      StillContactingPeers: this.#isContacting,
    };
  }

  /** Another pod has written. @returns what it is told */
  write(body: Uint8Array): { readonly Hostname: string } {
    const { hostname } = this.#context;
    let post: JsonValue = {};
    try {
      post = parseJson(body);
    } catch (error) {
      this.#errors.push(messageOf(error));
    }
    const source = textOf(objectAt(post)['Source']);
    if (source === '') this.#errors.push(`${hostname}: Got request with no source`);
    else this.#received[source] = (this.#received[source] ?? 0) + 1;
    return { Hostname: hostname };
  }

  status(): 'pass' | 'running' | 'fail' {
    const [sent, received] = [this.#sent, this.#received].map((map) => Object.keys(map).length);
    const { peers } = this.#wanted;
    if ((sent ?? 0) >= peers && (received ?? 0) >= peers) return 'pass';
    return this.#isContacting ? 'running' : 'fail';
  }

  /** Writes to all pods of the service, several times, once enough of them are there. */
  async contactOthers(): Promise<void> {
    const { clock, signal } = this.#context;
    const { peers, service, namespace } = this.#wanted;
    const end = clock.now() + searchMillis;
    for (;;) {
      const found = await this.#endpoints();
      if (found.length >= peers || clock.now() >= end) break;
      this.#note(
        `${namespace}/${service} has ${found.length} endpoints (${found.join(' ')}), which is less than ${peers} as expected. Waiting for all endpoints to come up.`,
      );
      if (!(await sleep(clock, pauseMillis, signal))) return;
    }
    for (let round = 0; round < rounds; round++) {
      for (const endpoint of await this.#endpoints()) await this.#contact(endpoint);
      if (!(await sleep(clock, pauseMillis, signal))) return;
    }
    this.#isContacting = false;
  }

  async #endpoints(): Promise<string[]> {
    const { service, namespace } = this.#wanted;
    try {
      const path = `/api/v1/namespaces/${namespace}/endpoints/${service}`;
      const { subsets } = await readApi(this.#context, inClusterConfig(this.#context), path);
      return listOf(subsets).flatMap(({ addresses, ports }) =>
        listOf(addresses).flatMap(({ ip }) => listOf(ports).map(({ port }) => `http://${textOf(ip)}:${Number(port)}`)),
      );
    } catch (error) {
      this.#note(`Unable to read the endpoints for ${namespace}/${service}: ${messageOf(error)}.`);
      return [];
    }
  }

  async #contact(endpoint: string): Promise<void> {
    this.#note(`Attempting to contact ${endpoint}`);
    const body = JSON.stringify({ Source: this.#context.hostname, Dest: endpoint });
    try {
      const asked = { url: `${endpoint}/write`, method: 'POST', body, headers: {}, timeoutSeconds: 30 };
      const answer = parseJson((await ask(this.#context, asked)).body);
      const name = textOf(objectAt(answer)['Hostname']);
      this.#sent[name] = (this.#sent[name] ?? 0) + 1;
    } catch (error) {
      this.#note(`Warning: unable to contact the endpoint ${JSON.stringify(endpoint)}: ${messageOf(error)}`);
    }
  }

  #note(text: string): void {
    this.#log.push(text);
    if (this.#log.length > mostLines) this.#log.shift();
  }
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
