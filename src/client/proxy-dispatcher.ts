import { STATUS_CODES } from 'node:http';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import { asTransportError, TransportError } from './transport-error.ts';

export interface ProxyOptions {
  /** `http://` or `https://`, with a user and password where it wants them. */
  readonly proxyUrl: string;
  /** How the server behind the proxy is spoken to. */
  readonly requestTls: { readonly secureContext?: SecureContext; readonly servername?: string };
  readonly connections: number;
  /** `host:port` of the server, for errors. */
  readonly address: string;
}

/**
 * Goes through an HTTP proxy as Go's net/http does: a tunnel (CONNECT) for https servers, whole URLs for http ones.
 * @throws TransportError for a proxy of another kind.
 */
export function openProxyDispatcher(options: ProxyOptions): Dispatcher {
  const { protocol } = new URL(options.proxyUrl);
  if (protocol !== 'http:' && protocol !== 'https:') {
    const message = `proxies of the form ${protocol}// are not supported`;
    throw new TransportError('proxy', options.address, '', message);
  }
  return new ProxyAgent({
    uri: options.proxyUrl,
    requestTls: { ...options.requestTls, timeout: 0 },
    proxyTunnel: false,
    connections: options.connections,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** A proxy that would not make a tunnel is told by its status, as Go's net/http does. */
export function asProxyError(error: unknown, address: string): TransportError {
  const message = error instanceof Error ? error.message : '';
  const status = /^Proxy response \((\d{3})\)/.exec(message)?.[1];
  if (status === undefined) return asTransportError(error, address);
  return new TransportError('proxy', address, status, STATUS_CODES[status] ?? message, error);
}
