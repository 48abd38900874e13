import { request as httpRequest, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import buildUndiciConnector from 'undici/lib/core/connect.js';
import { TransportError } from './transport-error.ts';

/** A proxy and what it wants to know. */
export interface Proxy {
  readonly url: URL;
  /** Its user and password, when the URL has them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a proxy URL. @param address `host:port` of the server, for errors. @throws TransportError for kinds that nobody knows. */
export function readProxy(proxyUrl: string, address: string): Proxy {
  const url = new URL(proxyUrl);
  if (!['http:', 'https:', 'socks5:', 'socks5h:'].includes(url.protocol)) {
    throw new TransportError('proxy', address, '', `proxies of the form ${url.protocol}// are not supported`);
  }
  if (url.username === '') return { url, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { url, headers: { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** Whether a proxy passes bytes on and knows nothing of HTTP. */
export function isSocks({ url }: Proxy): boolean {
  return url.protocol.startsWith('socks5');
}

/**
 * Connects to a server through a tunnel that the proxy makes: by CONNECT (RFC 9110, 9.3.6), or SOCKS5.
 * @param tls undefined for an http server, which only a SOCKS5 proxy makes a tunnel to
 */
export function createTunnelConnector(
  proxy: Proxy,
  address: string,
  tls: buildConnector.BuildOptions | undefined,
): buildConnector.connector {
  const connectTls = tls === undefined ? undefined : buildUndiciConnector(tls);
  return (options, callback) => {
    const go = (tunnel: Socket | Error): void => {
      if (tunnel instanceof Error) callback(tunnel, null);
      else if (connectTls === undefined) callback(null, tunnel);
      else connectTls({ ...options, httpSocket: tunnel }, callback);
    };
    if (isSocks(proxy)) void import('./socks-tunnel.ts').then((socks) => socks.openSocksTunnel(proxy.url, address, go));
    else openTunnel(proxy, address, go);
  };
}

function openTunnel({ url, headers }: Proxy, address: string, done: (tunnel: Socket | Error) => void): void {
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port,
    method: 'CONNECT',
    path: address,
    headers: { host: address, ...headers },
    agent: false,
  });
  request.on('connect', (response, socket) => {
    const status = response.statusCode ?? 0;
    if (status === 200) {
      done(socket);
      return;
    }
    socket.destroy();
    // A refusal is told by its status, as Go's net/http does.
    const message = STATUS_CODES[status] ?? `the proxy answered with the status code ${status}`;
    done(new TransportError('proxy', address, `${status}`, message));
  });
  request.on('error', (error) => done(Object.assign(error, { throughProxy: true })));
  request.end();
}
