/**
 * The proxy that HTTPS_PROXY or HTTP_PROXY (also in lower case) name for a server, empty for none; NO_PROXY lists
 * hosts, domains (`.example.com`), addresses, networks (`10.0.0.0/8`), each with a port or without, or `*`. As Go's
 * http package reads them: this machine's own addresses never go through a proxy.
 */
export function proxyFromEnvironment(server: string, env: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(server);
  const value = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const proxy = value(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (proxy === '' || host === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '::1') return '';
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const isExcluded = value('NO_PROXY')
    .split(',')
    .map((rule) => rule.trim().toLowerCase())
    .some((rule) => rule !== '' && excludes(rule, host, port));
  if (isExcluded) return '';
  return /^(https?|socks5h?):\/\//.test(proxy) ? proxy : `http://${proxy}`;
}

function excludes(rule: string, host: string, port: string): boolean {
  if (rule === '*') return true;
  if (rule.includes('/')) return isInNetwork(host, rule);
  const withPort = /^(.*):(\d+)$/.exec(rule);
  const hasPort = withPort !== null && (rule.startsWith('[') || withPort[1]?.includes(':') === false);
  if (hasPort && withPort[2] !== port) return false;
  const name = (hasPort ? (withPort[1] ?? '') : rule).replace(/^\[|\]$/g, '').replace(/^\*\./, '.');
  return name.startsWith('.') ? host.endsWith(name) : host === name || (!isAddress(name) && host.endsWith(`.${name}`));
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}

/** IPv4 networks; one of IPv6 excludes nothing. */
function isInNetwork(host: string, rule: string): boolean {
  const [network = '', bits = ''] = rule.split('/');
  const address = ipv4(host);
  const base = ipv4(network);
  const length = Number(bits);
  if (address === undefined || base === undefined || !(length >= 0 && length <= 32)) return false;
  const size = 2 ** (32 - length);
  return Math.floor(address / size) === Math.floor(base / size);
}

function ipv4(text: string): number | undefined {
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
