import { connect, type Socket } from 'node:net';
import { Socks5Client } from 'undici/lib/core/socks5-client.js';
import { TransportError } from './transport-error.ts';

/**
 * Opens a connection to a server by way of a SOCKS5 proxy (RFC 1928, with RFC 1929 where the URL has a user); the proxy
 * looks up the server's name, as Go's net/http has it do.
 * @param url of the proxy, `socks5://[USER:PASSWORD@]HOST[:PORT]`
 * @param address `host:port` of the server
 * @param done called once, with the connection or with why there is none
 */
export function openSocksTunnel(url: URL, address: string, done: (tunnel: Socket | Error) => void): void {
  const at = address.lastIndexOf(':');
  const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');
  const socket = connect({ host: withoutBrackets(url.hostname), port: url.port === '' ? 1080 : Number(url.port) });
  const credentials =
    url.username === ''
      ? {}
      : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  const socks = new Socks5Client(socket, credentials);
  let isOver = false;
  const end = (outcome: Socket | Error): void => {
    if (isOver) return;
    isOver = true;
    socks.removeAllListeners();
    // What it has to say from here on is for nobody.
    socks.on('error', () => undefined);
    if (outcome instanceof Error) socket.destroy();
    done(outcome);
  };
  const fail = (error: Error & { readonly code?: string }): void =>
    end(new TransportError('proxy', address, error.code ?? '', `socks connect ${address}: ${error.message}`, error));
  socks.on('error', fail);
  socks.on('close', () => fail(new Error('the proxy closed the connection')));
  socks.on('authenticated', () => socks.connect(withoutBrackets(address.slice(0, at)), Number(address.slice(at + 1))));
  socks.on('connected', () => end(socket));
  socket.once('connect', () => socks.handshake());
}
