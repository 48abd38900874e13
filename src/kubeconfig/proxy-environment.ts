import { blockContains, parseIp, parseIpBlock } from '../apimachinery/ip-address.ts';

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
  return name.startsWith('.')
    ? host.endsWith(name)
    : host === name || (parseIp(name) === undefined && host.endsWith(`.${name}`));
}

function isInNetwork(host: string, rule: string): boolean {
  const network = parseIpBlock(rule);
  const address = parseIp(host);
  return network !== undefined && address !== undefined && blockContains(network, address);
}
