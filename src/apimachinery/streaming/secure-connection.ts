import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/**
 * TLS over a connection. Without an authority the certificate is taken as it is: nobody knows the authorities of pods.
 * @param authority PEM of whom the certificate must be from
 * @param host the name or address that it must be for
 * @throws Error in the words of Go's net/http when the other side does not speak TLS
 */
export async function secureConnection(connection: Duplex, authority?: string, host = ''): Promise<Duplex> {
  const trust = authority === undefined ? { rejectUnauthorized: false } : { ca: authority, host };
  const secure = connect({ socket: connection, ...trust, ALPNProtocols: ['http/1.1'] });
  // What goes wrong later, those who read or write will see.
  secure.on('error', () => undefined);
  try {
    await Promise.race([once(secure, 'secureConnect'), closed(connection)]);
  } catch (error) {
    connection.destroy();
    const isPlain = (error as { code?: string }).code === 'ERR_SSL_WRONG_VERSION_NUMBER';
    throw isPlain ? new Error('http: server gave HTTP response to HTTPS client', { cause: error }) : error;
  }
  return secure;
}

/** A connection that ends before it is secure. @throws Error in the word of Go's net */
async function closed(connection: Duplex): Promise<never> {
  await new Promise<void>((resolve) => connection.once('close', () => resolve()));
  throw new Error('EOF');
}
