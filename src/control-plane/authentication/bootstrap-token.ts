import type { Secret } from '../../api/types/core-v1.ts';
import type { Clock } from '../../system/clock.ts';
import type { TokenUsers } from './token-checker.ts';
import { sameSecret } from './token-file.ts';

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const defaultGroup = 'system:bootstrappers';

/**
 * Tokens that new nodes join with: `ID.SECRET` of a secret bootstrap-token-ID in kube-system.
 * @param secretOf reads a secret of kube-system; undefined when there is none.
 */
export function bootstrapTokens(secretOf: (name: string) => Promise<Secret | undefined>, clock: Clock): TokenUsers {
  return {
    async userOf(token) {
      const match = tokenPattern.exec(token);
      if (match === null) return undefined;
      const [, id = '', given = ''] = match;
      const secret = await secretOf(`bootstrap-token-${id}`);
      const field = (name: string): string => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString('utf8');
      const isUsable =
        secret !== undefined &&
        secret.metadata.deletionTimestamp === undefined &&
        secret.type === 'bootstrap.kubernetes.io/token' &&
        field('token-id') === id &&
        sameSecret(given, field('token-secret')) &&
        field('usage-bootstrap-authentication') === 'true' &&
        !isOver(field('expiration'), clock.now());
      if (!isUsable) return undefined;
      const groups = field('auth-extra-groups');
      const extra = groups === '' ? [] : groups.split(',');
      if (extra.some((group) => !groupPattern.test(group))) return undefined;
      return {
        username: `system:bootstrap:${id}`,
        uid: '',
        groups: [...new Set([...extra, defaultGroup])].toSorted(),
        extra: {},
      };
    },
  };
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** An end that is no time (RFC 3339) counts as past. */
function isOver(expiration: string, now: number): boolean {
  if (expiration === '') return false;
  const end = timePattern.test(expiration) ? Date.parse(expiration) : Number.NaN;
  return Number.isNaN(end) || end <= now;
}
