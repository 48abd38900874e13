import { header } from '../../apimachinery/http.ts';
import type { Authenticator } from './authenticator.ts';
import { readUserFile, sameSecret } from './token-file.ts';

/**
 * Users with passwords of a CSV file, `password,user,uid,"group1,group2"` a line, as until Kubernetes 1.18
 * (--basic-auth-file; RFC 7617).
 * @param path for messages
 * @throws Error for a file that cannot be read
 */
export function passwordFileAuthenticator(csv: string, path: string): Authenticator {
  const users = readUserFile(csv, 'password', path).toReversed();
  return {
    name: 'basic auth file',
    async authenticate(request) {
      const [, encoded] = /^basic\s+(\S+)$/i.exec(header(request.headers, 'authorization')?.trim() ?? '') ?? [];
      if (encoded === undefined) return undefined;
      const credentials = Buffer.from(encoded, 'base64').toString('utf8');
      const colon = credentials.indexOf(':');
      const found = users.find(([, user]) => colon >= 0 && user.username === credentials.slice(0, colon));
      if (found !== undefined && sameSecret(credentials.slice(colon + 1), found[0])) return found[1];
      throw new Error('invalid username/password combination');
    },
  };
}
