import { header, headerText, type HttpHeaders } from '../../apimachinery/http.ts';
import type { Clock } from '../../system/clock.ts';
import type { Authenticator } from './authenticator.ts';
import { clientCertificateAuthenticator, readCertificateBundle } from './client-certificate.ts';

export interface RequestHeaderOptions {
  /** --requestheader-client-ca-file: PEM of who the proxy's certificate must come from. */
  readonly authorities: readonly string[];
  /** --requestheader-allowed-names: common names of proxies; anyone's when empty. */
  readonly allowedNames: readonly string[];
  /** Header names in lower case. */
  readonly usernameHeaders: readonly string[];
  readonly uidHeaders?: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraHeaderPrefixes: readonly string[];
  readonly clock: Clock;
}

/** Users that an authenticating proxy, known by its client certificate, names in headers. */
export function requestHeaderAuthenticator(options: RequestHeaderOptions): Authenticator {
  const proxies = clientCertificateAuthenticator(options.authorities, options.clock);
  if (options.authorities.flatMap(readCertificateBundle).length === 0)
    throw new Error('authenticating proxies need an authority');
  return {
    name: 'request header',
    async authenticate(request) {
      const username = firstOf(request.headers, options.usernameHeaders);
      if (username === '' || request.peer?.certificates[0] === undefined) return undefined;
      const proxy = await proxies.authenticate(request);
      if (proxy === undefined) return undefined;
      const { allowedNames } = options;
      if (allowedNames.length > 0 && !allowedNames.includes(proxy.username)) {
        throw new Error(`x509: subject with cn=${proxy.username} is not in the allowed list`);
      }
      const groups = options.groupHeaders
        .flatMap((name) => allOf(request.headers, name))
        .filter((group) => group !== '');
      const uid = firstOf(request.headers, options.uidHeaders ?? []);
      return { username, uid, groups, extra: extraOf(request.headers, options.extraHeaderPrefixes) };
    },
  };
}

function firstOf(headers: HttpHeaders, names: readonly string[]): string {
  for (const name of names) {
    const value = headerText(header(headers, name) ?? '').trim();
    if (value !== '') return value;
  }
  return '';
}

function allOf(headers: HttpHeaders, name: string): readonly string[] {
  const value = headers[name];
  if (value === undefined) return [];
  return (typeof value === 'string' ? [value] : value).map(headerText);
}

function extraOf(headers: HttpHeaders, prefixes: readonly string[]): Record<string, readonly string[]> {
  const extra: Record<string, readonly string[]> = {};
  for (const prefix of prefixes) {
    for (const name of Object.keys(headers)) {
      if (!name.startsWith(prefix)) continue;
      let key = name.slice(prefix.length);
      try {
        key = decodeURIComponent(key);
      } catch {
        // Taken as it is written.
      }
      extra[key] = allOf(headers, name);
    }
  }
  return extra;
}
