import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import { type AnswerFields, checkAnswerFields } from '../../client/webhook-answer.ts';
import type { Clock } from '../../system/clock.ts';
import type { UserInfo } from './authenticator.ts';
import { ExpiringCache } from './expiring-cache.ts';
import type { ReviewWebhook } from './review-webhook.ts';
import type { CheckedToken, TokenChecker } from './token-checker.ts';

export interface WebhookTokenOptions {
  readonly webhook: ReviewWebhook;
  readonly version: 'v1' | 'v1beta1';
  /** Audiences of tokens whose review names none. */
  readonly apiAudiences: readonly string[];
  /** How long an answer is remembered; 0 for not at all. */
  readonly cacheMillis: number;
  readonly clock: Clock;
}

const cachedAnswers = 4096;

const reviewFields: AnswerFields = {
  status: {
    struct: 'TokenReviewStatus',
    fields: {
      authenticated: 'bool',
      audiences: '[]string',
      error: 'string',
      user: {
        struct: 'UserInfo',
        fields: { username: 'string', uid: 'string', groups: '[]string', extra: 'map[string]v1.ExtraValue' },
      },
    },
  },
};

/** Asks a server with a TokenReview whose a token is (--authentication-token-webhook-config-file). */
export function webhookTokens(options: WebhookTokenOptions): TokenChecker {
  const { webhook, version, apiAudiences, cacheMillis, clock } = options;
  const known = new ExpiringCache<{ readonly checked: CheckedToken | undefined }>(clock, cachedAnswers);
  return {
    async check(token, audiences) {
      const key = createHash('sha256')
        .update(JSON.stringify([token, audiences]))
        .digest('base64');
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered.checked;
      const spec = { token, ...(audiences.length === 0 ? {} : { audiences: [...audiences] }) };
      const answer = await webhook.ask({
        kind: 'TokenReview',
        apiVersion: `authentication.k8s.io/${version}`,
        metadata: {},
        spec,
        status: { user: {} },
      });
      checkAnswerFields(answer, reviewFields, 'TokenReview', '');
      const checked = readStatus(isJsonObject(answer['status']) ? answer['status'] : {}, audiences, apiAudiences);
      known.set(key, { checked }, cacheMillis);
      return checked;
    },
  };
}

/** @throws Error with what the server says went wrong */
function readStatus(
  status: JsonObject,
  wanted: readonly string[],
  apiAudiences: readonly string[],
): CheckedToken | undefined {
  const named = textsOf(status['audiences']);
  const good = named.length > 0 ? named : apiAudiences;
  const audiences = wanted.filter((audience) => good.includes(audience));
  if (wanted.length > 0 && audiences.length === 0) return undefined;
  if (status['authenticated'] !== true) {
    const { error } = status;
    if (typeof error === 'string' && error !== '') throw new Error(error);
    return undefined;
  }
  return { user: userOf(isJsonObject(status['user']) ? status['user'] : {}), audiences };
}

function userOf({ username, uid, groups, extra }: JsonObject): UserInfo {
  const fields = isJsonObject(extra) ? Object.entries(extra) : [];
  return {
    username: typeof username === 'string' ? username : '',
    uid: typeof uid === 'string' ? uid : '',
    groups: textsOf(groups),
    extra: Object.fromEntries(fields.map(([key, values]) => [key, textsOf(values)])),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
