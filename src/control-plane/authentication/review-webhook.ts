import type { JsonObject } from '../../apimachinery/json.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { TransportError } from '../../client/transport-error.ts';
import { parseWebhookAnswer, readWebhookAnswer } from '../../client/webhook-answer.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';

/** A server that answers reviews: it sends the object back with a status. */
export interface ReviewWebhook {
  /** @throws Error when no answer came, or none that is the review. */
  ask(review: JsonObject): Promise<JsonObject>;
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
    async ask(review) {
      for (let step = 1, wait = retryMillis; ; step++, wait *= backoff.factor) {
        try {
          return await post(client, path, review);
        } catch (error) {
          if (step >= backoff.steps || !mayPass(error)) throw error;
        }
        await sleep(clock, wait * (1 + backoff.jitter * random.next()));
      }
    },
  };
}

/** What another attempt may not meet again: connections that broke, servers that are too busy or failed. */
function mayPass(error: unknown): boolean {
  if (error instanceof TransportError) return error.kind === 'reset';
  if (!(error instanceof StatusError)) return false;
  if (['InternalError', 'Timeout', 'TooManyRequests'].some((reason) => hasReason(error, reason))) return true;
  return (error.status.details?.retryAfterSeconds ?? 0) > 0;
}

async function post(client: Client, path: string, review: JsonObject): Promise<JsonObject> {
  const { body } = await client.stream({ method: 'POST', path, body: review, raw: true });
  const answer = parseWebhookAnswer(await readWebhookAnswer(body));
  const { apiVersion, kind } = answer;
  if (apiVersion !== review['apiVersion'] || kind !== review['kind']) {
    const wanted = JSON.stringify([review['apiVersion'], review['kind']]);
    throw new Error(`want ${wanted}, got ${JSON.stringify([apiVersion, kind])}`);
  }
  return answer;
}
