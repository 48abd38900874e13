import { timingSafeEqual } from 'node:crypto';
import type { Authenticator, UserInfo } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';

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
 * @throws Error naming the line that cannot be read.
 */
export function tokenFileAuthenticator(csv: string): Authenticator {
  const users = readUserFile(csv, 'token');
  return {
    name: 'token file',
    async authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined) return undefined;
      for (const [known, user] of users) if (sameSecret(token, known)) return user;
      throw new Error('invalid bearer token');
    },
  };
}

/**
 * Users by their secrets, in a CSV file.
 * @param secret what the first field is, for messages
 * @throws Error naming the line that cannot be read
 */
export function readUserFile(csv: string, secret: 'token' | 'password'): readonly (readonly [string, UserInfo])[] {
  return csv.split('\n').flatMap((line, index): (readonly [string, UserInfo])[] => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [token = '', username = '', uid = '', groups = ''] = splitCsv(line.trim());
    if (token === '' || username === '') {
      throw new Error(`${secret} file, line ${index + 1}: want ${secret},user,uid and, in quotes, the groups`);
    }
    const list = groups.split(',').map((group) => group.trim());
    const user = { username, uid, groups: list.filter((group) => group !== ''), extra: {} };
    return [[token, user]];
  });
}

function splitCsv(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .map((match) => (match[1] ?? '').trim())
    .map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}
