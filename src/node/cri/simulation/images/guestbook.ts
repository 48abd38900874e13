import type { ServerResponse } from 'node:http';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject } from '../../../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../../../apimachinery/json-codec.ts';
import { sleep } from '../../../../system/clock.ts';
import { ask } from '../http-request.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';
import { objectAt } from './json-fields.ts';
import { parseFlags } from './program-flags.ts';
import { type Answer, pathOf, query, serve } from './web-server.ts';

const registerMillis = 15_000;
const pauseMillis = 1000;

/** `agnhost guestbook`: keys and values that a primary hands on to its replicas, and a page in front of them. */
export async function runGuestbook(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const book = new Guestbook(context, flags.get('backend-port') ?? '6379');
  const primary = flags.get('replicaof') ?? '';
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  let isLost = false;
  if (primary !== '') {
    const register = async (): Promise<void> => {
      isLost = !(await book.register(primary));
      if (isLost) ended.abort();
    };
    void register();
  }
  await serve({ ...context, signal }, Number(flags.get('http-port') ?? 80), book.answer);
  return isLost ? 1 : killedExitCode;
}

class Guestbook {
  readonly #context: ProcessContext;
  readonly #port: string;
  readonly #replicas: string[] = [];
  #data: JsonObject = {};

  constructor(context: ProcessContext, port: string) {
    this.#context = context;
    this.#port = port;
  }

  /** Asks a primary for what it has, and to be told of what comes. @returns false when it cannot be reached in time */
  async register(primary: string): Promise<boolean> {
    const { clock, signal, podIp } = this.#context;
    const end = clock.now() + registerMillis;
    do {
      try {
        const { data } = objectOf(await this.#get(primary, `register?host=${podIp}`));
        if (isJsonObject(data)) this.#data = { ...data };
        return true;
      } catch (error) {
        await this.#log(`encountered error while registering to primary: ${messageOf(error)}. Retrying in 1s.`);
      }
    } while ((await sleep(clock, pauseMillis, signal)) && clock.now() < end);
    if (!signal.aborted) await this.#log('Timed out while registering to primary.');
    return false;
  }

  readonly answer: Answer = async (request, response) => {
    const asked = query(request);
    await this.#log(`${request.method ?? ''} ${request.url ?? ''}`);
    switch (pathOf(request)) {
      case '/register':
        say(response, { data: this.#data });
        this.#replicas.push(asked.get('host') ?? '');
        return;
      case '/get': {
        const key = asked.get('key') ?? '';
        return say(response, { data: key === '' ? this.#data : (this.#data[key] ?? '') });
      }
      case '/set':
        return this.#set(asked.get('key') ?? '', asked.get('value') ?? '', response);
      case '/guestbook':
        return this.#passOn(asked, response);
      default:
        return fail(response, 404, '404 page not found');
    }
  };

  async #set(key: string, value: string, response: ServerResponse): Promise<void> {
    if (key === '') return fail(response, 400, 'cannot set with empty key.');
    this.#data = { ...this.#data, [key]: value };
    for (const replica of this.#replicas) {
      try {
        await this.#get(replica, `set?key=${encodeURIComponent(key)}&value=${encodeURIComponent(value)}`);
      } catch (error) {
        const reason = `encountered error while propagating to replica '${replica}': ${messageOf(error)}`;
        return fail(response, 417, reason);
      }
    }
    say(response, { message: 'Updated' });
  }

  async #passOn(asked: URLSearchParams, response: ServerResponse): Promise<void> {
    const command = (asked.get('cmd') ?? '').toLowerCase();
    const [key, value] = ['key', 'value'].map((name) => encodeURIComponent(asked.get(name) ?? ''));
    if (command !== 'get' && command !== 'set') return fail(response, 400, `unsupported cmd: '${command}'`);
    if (command === 'set' && key === '') return fail(response, 400, 'cannot set with empty key.');
    try {
      const host = command === 'get' ? 'agnhost-replica' : 'agnhost-primary';
      response.end(await this.#get(host, `${command}?key=${key ?? ''}&value=${value ?? ''}`));
    } catch (error) {
      fail(response, 417, `encountered error: ${messageOf(error)}`);
    }
  }

  async #get(host: string, path: string): Promise<string> {
    const authority = host.includes(':') ? `[${host}]` : host;
    const url = `http://${authority}:${this.#port}/${path}`;
    const asked = { url, method: 'GET', body: undefined, headers: {}, timeoutSeconds: 5 };
    return (await ask(this.#context, asked)).body.toString('utf8');
  }

  #log(text: string): Promise<void> {
    return this.#context.stderr.write(Buffer.from(`${text}\n`));
  }
}

function say(response: ServerResponse, value: JsonObject): void {
  response.end(stringifyJson(value));
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}

function objectOf(text: string): JsonObject {
  return objectAt(parseJson(Buffer.from(text)));
}
