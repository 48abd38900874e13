import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type HttpHeaders, type HttpRequest, type HttpResponse, type Transport } from '../apimachinery/http.ts';

/**
 * HTTP/1.1 over connections that are made elsewhere, a new one for each request.
 * @param dial opens a connection. @throws Error when nothing listens there
 */
export function createDialedTransport(dial: () => Promise<Duplex>): Transport {
  return {
    send: async (request) => exchange(request, await dial()),
    close: () => Promise.resolve(),
  };
}

function exchange(request: HttpRequest, connection: Duplex): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, typeof value === 'string' ? value : [...value]]],
      ),
    );
    const sent = httpRequest({
      method: request.method,
      path: request.path,
      headers,
      createConnection: () => connection,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: headersOf(answer.headers), body: answer });
    });
    sent.once('upgrade', (answer: IncomingMessage, upgraded: Duplex, head: Buffer) => {
      upgraded.on('error', () => undefined);
      if (head.length > 0) upgraded.unshift(head);
      const { statusCode = 101 } = answer;
      resolve({ status: statusCode, headers: headersOf(answer.headers), body: new Uint8Array(), upgraded });
    });
    const { body } = request;
    if (body === undefined) sent.end();
    else if (body instanceof Uint8Array) sent.end(body);
    else pipeline(body, sent).catch(reject);
  });
}

function headersOf(headers: IncomingHttpHeaders): HttpHeaders {
  return { ...headers };
}
