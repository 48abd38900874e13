import { request as httpRequest, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import buildUndiciConnector from 'undici/lib/core/connect.js';
import { TransportError } from './transport-error.ts';

/** An HTTP proxy and what it wants to know. */
export interface Proxy {
  readonly url: URL;
  /** Its user and password, when the URL has them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads a proxy URL. @param address `host:port` of the server, for errors. @throws TransportError for other kinds than HTTP. */
export function readProxy(proxyUrl: string, address: string): Proxy {
  const url = new URL(proxyUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TransportError('proxy', address, '', `proxies of the form ${url.protocol}// are not supported`);
  }
  if (url.username === '') return { url, headers: {} };
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { url, headers: { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** Connects to an https server through a tunnel that the proxy makes (CONNECT; RFC 9110, 9.3.6). */
export function createTunnelConnector(
  proxy: Proxy,
  address: string,
  tls: buildConnector.BuildOptions,
): buildConnector.connector {
  const connectTls = buildUndiciConnector(tls);
  return (options, callback) => {
    openTunnel(proxy, address, (tunnel) => {
      if (tunnel instanceof Error) callback(tunnel, null);
      else connectTls({ ...options, httpSocket: tunnel }, callback);
    });
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
  request.on('error', done);
  request.end();
}
