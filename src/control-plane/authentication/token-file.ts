import { timingSafeEqual } from 'node:crypto';
import type { Authenticator, UserInfo } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { readCsv } from './csv.ts';
import type { TokenUsers } from './token-checker.ts';

/** The token that parts of the control plane in the server's own process carry; others' tokens are left to others. */
export function inProcessAuthenticator(token: string, user: UserInfo): Authenticator {
  return {
    name: 'in-process',
    authenticate: (request) => Promise.resolve(sameSecret(bearerToken(request), token) ? user : undefined),
  };
}

/** Compares in a time that tells nothing of where they differ. */
export function sameSecret(given: string | undefined, known: string): boolean {
  if (given === undefined) return false;
  const left = Buffer.from(given);
  const right = Buffer.from(known);
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Static tokens of a CSV file: `token,user,uid,"group1,group2"` a line.
 * @param path for messages
 * @throws Error for a file that cannot be read
 */
export function readTokenFile(csv: string, path: string): TokenUsers {
  // Of several lines with one token the last counts.
  const users = readUserFile(csv, 'token', path).toReversed();
  return {
    async userOf(token) {
      for (const [known, user] of users) if (sameSecret(token, known)) return user;
      return undefined;
    },
  };
}

/**
 * Users by their secrets, in a CSV file; lines without a secret are for nobody.
 * @param secret what the first field is, and @param path the file's, for messages
 * @throws Error for a file that cannot be read
 */
export function readUserFile(
  csv: string,
  secret: 'token' | 'password',
  path: string,
): readonly (readonly [string, UserInfo])[] {
  return readCsv(csv).flatMap((record): (readonly [string, UserInfo])[] => {
    const [known = '', username = '', uid = '', groups] = record;
    if (record.length < 3) {
      throw new Error(
        `${secret} file '${path}' must have at least 3 columns (${secret}, user name, user uid), found ${record.length}`,
      );
    }
    if (known === '') return [];
    return [[known, { username, uid, groups: groups === undefined ? [] : groups.split(','), extra: {} }]];
  });
}
