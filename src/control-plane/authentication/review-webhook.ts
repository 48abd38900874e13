import { jsonOrAnything } from '../../client/answer-media-type.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { parseGroupVersion } from '../../apimachinery/gvk.ts';
import { header, headerText } from '../../apimachinery/http.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { TransportError } from '../../client/transport-error.ts';
import { parseWebhookAnswer, readWebhookAnswer, typeOfAnswer } from '../../client/webhook-answer.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';

/** A server that answers reviews: it sends the object back with a status. */
export interface ReviewWebhook {
  /**
   * @param onAttempt is told of each time that the question was sent: what went wrong, and how long it took
   * @throws Error when no answer came, or none that is the review.
   */
  ask(review: JsonObject, onAttempt?: (error: unknown, millis: number) => void): Promise<JsonObject>;
}

export interface ReviewWebhookOptions {
  /** Knows the server, its credentials and the time that a request may take. */
  readonly client: Client;
  /** Path to post to, of the server alone. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Until a question is asked again for the first time; half a second when absent. */
  readonly retryMillis?: number;
}

/** How often, and after how long, a question is asked again (apiserver's DefaultAuthWebhookRetryBackoff). */
const backoff = { steps: 5, millis: 500, factor: 1.5, jitter: 0.2 };

/** Posts reviews to a server, again where it says that it could not answer just now. */
export function reviewWebhook(options: ReviewWebhookOptions): ReviewWebhook {
  const { client, path, clock, random, retryMillis = backoff.millis } = options;
  return {
    async ask(review, onAttempt) {
      for (let step = 1, wait = retryMillis; ; step++, wait *= backoff.factor) {
        const begun = clock.now();
        try {
          const answer = await post(client, path, review);
          onAttempt?.(undefined, clock.now() - begun);
          return answer;
        } catch (error) {
          onAttempt?.(error, clock.now() - begun);
          if (step >= backoff.steps || !mayPass(error)) throw withRequest(error);
        }
        await sleep(clock, wait * (1 + backoff.jitter * random.next()));
      }
    },
  };
}

/** An error that tells which request got no answer, as Go's net/http has it. */
function withRequest(error: unknown): unknown {
  if (!(error instanceof TransportError) || error.request === '') return error;
  const why = error.code === 'UND_ERR_SOCKET' ? 'EOF' : error.message;
  return new Error(`${error.request}: ${why}`, { cause: error });
}

/** What another attempt may not meet again: connections that broke, servers that are too busy or failed. */
function mayPass(error: unknown): boolean {
  if (error instanceof TransportError) return error.code === 'ECONNRESET';
  if (!(error instanceof StatusError)) return false;
  if (isTransient(error)) return true;
  return (error.status.details?.retryAfterSeconds ?? 0) > 0;
}

const transientReasons = new Map([
  ['InternalError', 500],
  ['Timeout', 504],
  ['TooManyRequests', 429],
]);
/** All that the real server knows; with any other, the code tells. */
const knownReasons = new Set<string>([
  ...transientReasons.keys(),
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'Gone',
  'Invalid',
  'ServerTimeout',
  'StoreReadError',
  'BadRequest',
  'MethodNotAllowed',
  'NotAcceptable',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'Expired',
  'ServiceUnavailable',
]);

function isTransient({ reason, code }: StatusError): boolean {
  if (transientReasons.has(reason)) return true;
  return !knownReasons.has(reason) && [...transientReasons.values()].includes(code);
}

async function post(client: Client, path: string, review: JsonObject): Promise<JsonObject> {
  const { status, headers, body } = await client.stream({
    method: 'POST',
    path,
    body: review,
    accept: jsonOrAnything,
    raw: true,
  });
  const bytes = await readWebhookAnswer(body);
  if (bytes.length === 0) {
    const type = headerText(header(headers, 'content-type') ?? '');
    throw new Error(`0-length response with status code: ${status} and content type: ${type}`);
  }
  const answer = parseWebhookAnswer(bytes);
  const wanted = typeOfAnswer(review);
  const { apiVersion, kind } = typeOfAnswer(answer);
  // What is left out is as it was in the question.
  requireSameKind({ apiVersion: apiVersion || wanted.apiVersion, kind: kind || wanted.kind }, wanted);
  return answer;
}

type Kind = ReturnType<typeof typeOfAnswer>;

const scheme = 'k8s.io/client-go/kubernetes/scheme/register.go:82';

/** @throws Error in the words of the real server, which decodes whatever kind it knows */
function requireSameKind(got: Kind, wanted: Kind): void {
  if (got.apiVersion === wanted.apiVersion && got.kind === wanted.kind) return;
  const { group, version } = parseGroupVersion(got.apiVersion);
  const isKnown = group === '' ? version === 'v1' : ['v1', 'v1beta1'].includes(version) && got.kind === wanted.kind;
  if (!isKnown) {
    const what = `no kind ${goQuote(got.kind)} is registered for version ${goQuote(got.apiVersion)} in scheme`;
    throw new Error(`${what} ${goQuote(scheme)}`);
  }
  const { version: wantedVersion } = parseGroupVersion(wanted.apiVersion);
  const conversion = `converting (${version}.${got.kind}) to (${wantedVersion}.${wanted.kind})`;
  throw new Error(`${conversion}: unknown conversion`);
}
