import { hash } from 'node:crypto';
import type { Clock } from '../../system/clock.ts';
import { ExpiringCache } from './expiring-cache.ts';
import type { CheckedToken, TokenChecker } from './token-checker.ts';

/** Is told how the cache of tokens does (metrics `authentication_token_cache_*`). */
export interface TokenCacheObserver {
  asked(isHit: boolean, seconds: number): void;
  /** One more, or one less, that waits for the answer to a token. */
  waiting(change: 1 | -1): void;
  /** One more, or one less, question to those who know tokens. */
  fetching(change: 1 | -1): void;
  fetched(isWell: boolean): void;
}

export interface TokenCacheOptions {
  readonly tokens: TokenChecker;
  /** How long a token that holds is known without another look. */
  readonly successMillis: number;
  /** Keys the hashes by which tokens are kept, so that nobody can make two that fall together. */
  readonly secret: string;
  readonly clock: Clock;
  readonly observer: TokenCacheObserver;
}

const cachedTokens = 32 * 1024;

/**
 * Remembers tokens that hold, for a short time; what does not hold is looked at each time. Who comes while a token is
 * looked at waits for the same answer. Tokens themselves are not kept, only hashes of them.
 */
export function cachedTokenChecker(options: TokenCacheOptions): TokenChecker {
  const { tokens, successMillis, secret, clock, observer } = options;
  const known = new ExpiringCache<CheckedToken>(clock, cachedTokens);
  const pending = new Map<string, Promise<CheckedToken | undefined>>();
  const fetch = async (key: string, token: string, audiences: readonly string[]): Promise<CheckedToken | undefined> => {
    observer.fetching(1);
    let isWell = false;
    try {
      const checked = await tokens.check(token, audiences);
      isWell = true;
      if (checked !== undefined) known.set(key, checked, successMillis);
      return checked;
    } finally {
      pending.delete(key);
      observer.fetching(-1);
      observer.fetched(isWell);
    }
  };
  return {
    async check(token, audiences) {
      const begun = clock.now();
      const key = hash('sha256', `${secret}${JSON.stringify([token, audiences])}`, 'base64');
      const found = known.get(key);
      if (found !== undefined) {
        observer.asked(true, (clock.now() - begun) / 1000);
        return found;
      }
      observer.waiting(1);
      try {
        let answer = pending.get(key);
        if (answer === undefined) {
          answer = fetch(key, token, audiences);
          pending.set(key, answer);
        }
        return await answer;
      } finally {
        observer.asked(false, (clock.now() - begun) / 1000);
        observer.waiting(-1);
      }
    },
  };
}
