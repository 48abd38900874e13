import { messageOf } from '../../../apimachinery/error-message.ts';
import { type Client } from '../../../client/client.ts';
import { type Clock, sleep } from '../../../system/clock.ts';
import type { Random } from '../../../system/random.ts';
import { type AuditBackend, type AuditLossLog, reportLoss } from './audit-backend.ts';
import { auditEventListJson } from './audit-json.ts';

/** What sends events to another server. */
export interface AuditWebhookOptions {
  /** Knows the server, its credentials and the time that a request may take. */
  readonly client: Client;
  /** Path to post to, of the server alone. */
  readonly path: string;
  /** Until a list is sent again for the first time. */
  readonly initialBackoffMillis: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AuditLossLog;
}

const attempts = 5;
const factor = 1.5;
const jitter = 0.2;

/** Posts lists of events (audit.k8s.io/v1 EventList), up to five times whatever went wrong. */
export function auditWebhook(options: AuditWebhookOptions): AuditBackend {
  const { client, path, clock, random, log } = options;
  return {
    async process(events) {
      const body = auditEventListJson(events);
      let wait = options.initialBackoffMillis;
      for (let attempt = 1; ; attempt++) {
        try {
          await client.request({ method: 'POST', path, body, raw: true });
          return true;
        } catch (error) {
          if (attempt === attempts) {
            reportLoss(log, 'webhook', messageOf(error), events);
            return false;
          }
        }
        await sleep(clock, wait * (1 + jitter * random.next()));
        wait *= factor;
      }
    },
    close: () => client.close(),
  };
}
