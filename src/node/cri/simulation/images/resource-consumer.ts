import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { sleep } from '../../../../system/clock.ts';
import { ask } from '../http-request.ts';
import type { ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';
import { type Answer, pathOf, query, readRequest, serve } from './web-server.ts';

const defaultPort = 8080;
/** One process of the real program keeps no more than one processor busy. */
const mostMillicores = 1000;
const megabyte = 1 << 20;
/** A total that needs more requests is refused: all of them are under way at once, in the memory of this process. */
const mostPieces = 10_000;

/**
 * The program of the image `resource-consumer`: whoever posts to it says how much it is to use of processors and memory,
 * and for how long (`/ConsumeCPU`, `/ConsumeMem`), or a metric of its own is to be higher (`/BumpMetric`).
 */
export async function runResourceConsumer(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const metrics = new Map<string, number>();
  const answer: Answer = async (request, response) => {
    const path = pathOf(request);
    if (path === '/metrics') return metricsPage(response, metrics);
    const asked = await askedOf(request, response);
    if (asked === undefined) return;
    switch (path) {
      case '/ConsumeCPU':
        return consumeProcessors(context, asked, response);
      case '/ConsumeMem':
        return consumeMemory(context, asked, response);
      case '/BumpMetric':
        return bumpMetric(context, asked, response, metrics);
      case '/GetCurrentStatus':
        response.end('Warning: not implemented!\nGetCurrentStatus');
        return;
      default:
        refuse(response, 404, `unknown function: ${path}`);
    }
  };
  return serve(context, Number(flags.get('port') ?? defaultPort), answer);
}

/**
 * `agnhost resource-consumer-controller`: takes the same requests for a total, and spreads them in pieces over the pods of
 * a service of consumers.
 */
export async function runResourceConsumerController(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const service = flags.get('consumer-service-name') ?? 'resource-consumer';
  const namespace = flags.get('consumer-service-namespace') ?? 'default';
  const consumers = `http://${service}.${namespace}.svc.cluster.local:${flags.get('consumer-port') ?? defaultPort}`;
  const answer: Answer = async (request, response) => {
    const asked = await askedOf(request, response);
    if (asked === undefined) return;
    const path = pathOf(request);
    const spread = Object.hasOwn(spreads, path) ? spreads[path] : undefined;
    if (spread === undefined) return refuse(response, 404, 'unknown function');
    const { amount, size, what, done } = spread;
    const metric = path === '/BumpMetric' ? asked.get('metric') : '-';
    if (!metric || [amount, size, 'durationSec'].some((name) => (asked.get(name) ?? '') === '')) {
      return refuse(response, 400, 'not given function argument');
    }
    const [total, each, seconds] = [amount, size, 'durationSec'].map((name) => integerOf(asked.get(name) ?? ''));
    if (total === undefined || each === undefined || seconds === undefined || each <= 0) {
      return refuse(response, 400, 'incorrect function argument');
    }
    const count = Math.trunc(total / each);
    const rest = total - count * each;
    if (count > mostPieces) return refuse(response, 400, `more than ${mostPieces} requests are not sent here`);
    response.write(`RC manager: sending ${count} requests to ${what(each)} each and 1 request to ${what(rest)}\n`);
    const send = async (piece: number): Promise<void> => {
      const form = new URLSearchParams({ [amount]: `${piece}`, durationSec: `${seconds}` });
      if (path === '/BumpMetric') form.set('metric', metric);
      response.write(await outcomeOf(context, `${consumers}${path}`, form, done(piece, metric)));
    };
    const pieces = [...Array.from({ length: Math.max(0, count) }, () => each), ...(rest > 0 ? [rest] : [])];
    await Promise.all(pieces.map(send));
    response.end();
  };
  return serve(context, Number(flags.get('port') ?? defaultPort), answer);
}

/** What a request for a total is made of. */
interface Spread {
  readonly amount: string;
  readonly size: string;
  readonly what: (amount: number) => string;
  readonly done: (amount: number, metric: string) => string;
}

const spreads: Readonly<Record<string, Spread>> = {
  '/ConsumeCPU': {
    amount: 'millicores',
    size: 'requestSizeMillicores',
    what: (amount) => `consume ${amount} millicores`,
    done: (amount) => `Consumed ${amount} millicores\n`,
  },
  '/ConsumeMem': {
    amount: 'megabytes',
    size: 'requestSizeMegabytes',
    what: (amount) => `consume ${amount} MB`,
    done: (amount) => `Consumed ${amount} megabytes\n`,
  },
  '/BumpMetric': {
    amount: 'delta',
    size: 'requestSizeMetrics',
    what: (amount) => `bump custom metric by ${amount}`,
    done: (amount, metric) => `Bumped metric ${metric} by ${amount}\n`,
  },
};

async function outcomeOf(context: ProcessContext, url: string, form: URLSearchParams, done: string): Promise<string> {
  try {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await ask(context, { url, method: 'POST', body: form.toString(), headers, timeoutSeconds: 30 });
    return done;
  } catch (error) {
    return `Failed to connect to consumer: ${messageOf(error)}\n`;
  }
}

/** The fields of a form, of the body before those of the address; undefined for what is no POST. */
async function askedOf(request: IncomingMessage, response: ServerResponse): Promise<URLSearchParams | undefined> {
  if (request.method !== 'POST') {
    refuse(response, 400, 'Bad request. Not a POST request');
    return undefined;
  }
  const body = (await readRequest(request)).toString('utf8');
  const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return new URLSearchParams([...(isForm ? new URLSearchParams(body) : []), ...query(request)]);
}

function consumeProcessors({ usage, signal }: ProcessContext, asked: URLSearchParams, response: ServerResponse): void {
  const amounts = amountsOf(asked, response, 'millicores');
  if (amounts === undefined) return;
  const [millicores, seconds] = amounts;
  void usage.burn(Math.min(mostMillicores, millicores) / 1000, seconds, signal);
  response.end(`ConsumeCPU\n${millicores} millicores\n${seconds} durationSec\n`);
}

function consumeMemory(
  { usage, clock, signal }: ProcessContext,
  asked: URLSearchParams,
  response: ServerResponse,
): void {
  const amounts = amountsOf(asked, response, 'megabytes');
  if (amounts === undefined) return;
  const [megabytes, seconds] = amounts;
  const giveBack = usage.take(Math.max(0, megabytes) * megabyte);
  void sleep(clock, seconds * 1000, signal).then(giveBack);
  response.end(`ConsumeMem\n${megabytes} megabytes\n${seconds} durationSec\n`);
}

function bumpMetric(
  { clock, signal }: ProcessContext,
  asked: URLSearchParams,
  response: ServerResponse,
  metrics: Map<string, number>,
): void {
  const metric = asked.get('metric') ?? '';
  if (metric === '') return refuse(response, 400, 'not given function argument');
  const amounts = amountsOf(asked, response, 'delta', Number);
  if (amounts === undefined) return;
  const [delta, seconds] = amounts;
  const add = (amount: number): void => void metrics.set(metric, (metrics.get(metric) ?? 0) + amount);
  add(delta);
  void sleep(clock, seconds * 1000, signal).then(() => add(-delta));
  response.end(`BumpMetric\n${metric} metric\n${delta} delta\n${seconds} durationSec\n`);
}

/** An amount and for how many seconds; says what is wrong with them. */
function amountsOf(
  asked: URLSearchParams,
  response: ServerResponse,
  name: string,
  read: (text: string) => number | undefined = integerOf,
): readonly [amount: number, seconds: number] | undefined {
  const amountText = asked.get(name) ?? '';
  const secondsText = asked.get('durationSec') ?? '';
  if (amountText === '' || secondsText === '') {
    refuse(response, 400, 'not given function argument');
    return undefined;
  }
  const [amount, seconds] = [read(amountText), integerOf(secondsText)];
  if (amount !== undefined && !Number.isNaN(amount) && seconds !== undefined) return [amount, seconds];
  refuse(response, 400, 'incorrect function argument');
  return undefined;
}

function integerOf(text: string): number | undefined {
  return /^[-+]?\d+$/.test(text) ? Number(text) : undefined;
}

function metricsPage(response: ServerResponse, metrics: ReadonlyMap<string, number>): void {
  const families = [...metrics].map(
    ([name, value]) => `# HELP ${name} info message.\n# TYPE ${name} gauge\n${name} ${value.toFixed(6)}\n`,
  );
  response.end(families.join(''));
}

/** As Go's `http.Error`. */
function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
  response.end(`${text}\n`);
}
