import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/**
 * TLS over a connection, whose certificate is taken as it is: nobody knows the authorities of pods.
 * @throws Error in the words of Go's net/http when the other side does not speak TLS
 */
export async function secureConnection(connection: Duplex): Promise<Duplex> {
  const secure = connect({ socket: connection, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  try {
    await once(secure, 'secureConnect');
  } catch (error) {
    connection.destroy();
    const isPlain = (error as { code?: string }).code === 'ERR_SSL_WRONG_VERSION_NUMBER';
    throw isPlain ? new Error('http: server gave HTTP response to HTTPS client', { cause: error }) : error;
  }
  secure.on('error', () => undefined);
  return secure;
}
