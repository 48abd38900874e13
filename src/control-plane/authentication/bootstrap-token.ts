import { timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../api/types/core-v1.ts';
import type { Clock } from '../../system/clock.ts';
import type { Authenticator } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const defaultGroup = 'system:bootstrappers';

/**
 * Tokens that new nodes join with: `ID.SECRET` of a secret bootstrap-token-ID in kube-system.
 * @param secretOf reads a secret of kube-system; undefined when there is none.
 */
export function bootstrapTokenAuthenticator(
  secretOf: (name: string) => Promise<Secret | undefined>,
  clock: Clock,
): Authenticator {
  return {
    name: 'bootstrap token',
    async authenticate(request) {
      const match = tokenPattern.exec(bearerToken(request) ?? '');
      if (match === null) return undefined;
      const [, id = '', given = ''] = match;
      const secret = await secretOf(`bootstrap-token-${id}`);
      const field = (name: string): string => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString('utf8');
      const isUsable =
        secret !== undefined &&
        secret.metadata.deletionTimestamp === undefined &&
        secret.type === 'bootstrap.kubernetes.io/token' &&
        field('token-id') === id &&
        isSame(field('token-secret'), given) &&
        field('usage-bootstrap-authentication') === 'true' &&
        !isOver(field('expiration'), clock.now());
      if (!isUsable) throw new Error('invalid bearer token');
      const extra = field('auth-extra-groups')
        .split(',')
        .map((group) => group.trim())
        .filter((group) => group !== '');
      const wrong = extra.find((group) => !groupPattern.test(group));
      if (wrong !== undefined) throw new Error(`invalid bootstrap group "${wrong}"`);
      return {
        username: `system:bootstrap:${id}`,
        uid: '',
        groups: [...new Set([...extra, defaultGroup])].toSorted(),
        extra: {},
      };
    },
  };
}

function isSame(known: string, given: string): boolean {
  return known.length === given.length && known !== '' && timingSafeEqual(Buffer.from(known), Buffer.from(given));
}

function isOver(expiration: string, now: number): boolean {
  if (expiration === '') return false;
  const end = Date.parse(expiration);
  return Number.isNaN(end) || end < now;
}
