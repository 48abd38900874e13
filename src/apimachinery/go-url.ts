import { goQuote } from './field-error.ts';

/** Text that is no URL; the message is that of Go's net/url. */
export class UrlError extends Error {}

/** The parts of a URL as Go's net/url sees them. */
export interface GoUrl {
  readonly scheme: string;
  /** With the port, when there is one. */
  readonly host: string;
  /** The host without its port and brackets. */
  readonly hostname: string;
  readonly port: string;
  /** The path with its escapes. */
  readonly path: string;
  /** What stands behind the question mark. */
  readonly query: string;
}

/** Reads an absolute URL or an absolute path (Go's url.ParseRequestURI). @throws UrlError */
export function parseRequestUri(text: string): GoUrl {
  const fail = (why: string): UrlError => new UrlError(`parse ${goQuote(text)}: ${why}`);
  if (/\p{Cc}/u.test(text.replaceAll(/[\u0080-\u009f]/g, ''))) throw fail('net/url: invalid control character in URL');
  if (text === '') throw fail('empty url');
  const scheme = /^([A-Za-z][A-Za-z\d+.-]*):/.exec(text)?.[1] ?? '';
  if (scheme === '' && text.startsWith(':')) throw fail('missing protocol scheme');
  const [rest, query] = splitOnce(scheme === '' ? text : text.slice(scheme.length + 1), '?');
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme: scheme.toLowerCase(), host: '', hostname: '', port: '', path: '', query };
    throw fail('invalid URI for request');
  }
  let path = rest;
  let host = '';
  if (rest.startsWith('//') && !(scheme === '' && rest.startsWith('///'))) {
    const end = rest.indexOf('/', 2);
    host = rest.slice(2, end < 0 ? undefined : end);
    path = end < 0 ? '' : rest.slice(end);
    const at = host.lastIndexOf('@');
    if (at >= 0 && !/^[\w\-.:~!$&'()*+,;=%@]*$/.test(host.slice(0, at))) throw fail('net/url: invalid userinfo');
    host = at < 0 ? host : host.slice(at + 1);
  }
  const badEscape = /%(?![\da-fA-F]{2}).{0,2}/.exec(path)?.[0];
  if (badEscape !== undefined) throw fail(`invalid URL escape ${goQuote(badEscape)}`);
  return { scheme: scheme.toLowerCase(), host, ...splitHost(host, fail), path: escapePath(path), query };
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
}

function splitHost(
  host: string,
  fail: (why: string) => UrlError,
): { readonly hostname: string; readonly port: string } {
  if (host.startsWith('[')) {
    const [, hostname, port] = /^\[([^\]]*)\](.*)$/.exec(host) ?? [];
    if (hostname === undefined || port === undefined) throw fail("missing ']' in host");
    if (!/^(?::\d*)?$/.test(port)) throw fail(`invalid port ${goQuote(port)} after host`);
    return { hostname, port: port.slice(1) };
  }
  const bad = /[ "<>\\^`{|}]/.exec(host)?.[0];
  if (bad !== undefined) throw fail(`invalid character ${goQuote(bad)} in host name`);
  const colon = host.indexOf(':');
  if (colon < 0) return { hostname: host, port: '' };
  const port = host.slice(host.lastIndexOf(':'));
  if (!/^:\d*$/.test(port)) throw fail(`invalid port ${goQuote(port)} after host`);
  return { hostname: host.slice(0, host.lastIndexOf(':')), port: port.slice(1) };
}

/** Escapes what must be, and leaves what is. */
function escapePath(path: string): string {
  return path.replaceAll(/[^\w\-.~!$&'()*+,;=:@/%]/gu, (character) => encodeURIComponent(character));
}

/** The values of each name in a query, in their order (Go's url.Values). */
export function parseQuery(query: string): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const part of query.split('&')) {
    if (part === '' || part.includes(';')) continue;
    const [name, value] = splitOnce(part, '=').map(unescapeQuery);
    if (name === undefined || value === undefined) continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

function unescapeQuery(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** A text as it stands in a query (Go's url.QueryEscape). */
export function escapeQuery(text: string): string {
  return escapeComponent(text).replaceAll('%20', '+');
}

/** A path with what must be escaped in it, and nothing else (Go's URL.EscapedPath without a RawPath). */
export function escapeDecodedPath(path: string): string {
  return escapeComponent(path).replaceAll(/%(?:24|26|2B|2C|2F|3A|3B|3D|40)/g, (escaped) => decodeURIComponent(escaped));
}

function escapeComponent(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
