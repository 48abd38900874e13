import type { HttpHeaders, HttpResponse } from '../../../apimachinery/http.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import { acceptWebSocket, namesOrigin, wantsWebSocket } from '../../../apimachinery/streaming/web-socket-handshake.ts';
import { headerList } from '../../../apimachinery/streaming/protocols.ts';
import { WebSocketConnection } from '../../../apimachinery/streaming/web-socket.ts';

type Body = Uint8Array | AsyncIterable<Uint8Array>;

const base64Protocol = 'base64.binary.k8s.io';
const byteProtocols = ['binary.k8s.io', base64Protocol];

/**
 * An answer of bytes (a log) as messages of a WebSocket, for who asks for one: binary, or base64 where that is the
 * subprotocol. Other requests get the answer as it is.
 * @throws StatusError 400 for a handshake that is not understood
 */
export function bytesOverWebSocket(headers: HttpHeaders, answer: HttpResponse): HttpResponse {
  if (!wantsWebSocket(headers)) return answer;
  const accepted = acceptWebSocket(headers, byteProtocols);
  if (typeof accepted === 'string') throw badRequest(accepted);
  const isText = accepted.protocol === base64Protocol;
  return upgraded(accepted.headers, answer.body, (socket, chunk) =>
    isText ? socket.send(Buffer.from(Buffer.from(chunk).toString('base64')), { text: true }) : socket.send(chunk),
  );
}

/**
 * A watch as messages of a WebSocket, an event each, for who asks for one; whatever subprotocol is asked for is taken.
 * Who does not say an origin is refused, as by the real server.
 * @throws StatusError 400 for a handshake that is not understood
 */
export function eventsOverWebSocket(headers: HttpHeaders, answer: HttpResponse, isText: boolean): HttpResponse {
  if (!wantsWebSocket(headers)) return answer;
  const asked = headerList(headers, 'sec-websocket-protocol');
  const accepted = acceptWebSocket(headers, asked.slice(0, 1));
  if (typeof accepted === 'string') throw badRequest(accepted);
  if (!namesOrigin(headers)) return { status: 403, headers: {}, body: new Uint8Array() };
  const body = isText ? lines(answer.body) : answer.body;
  return upgraded(accepted.headers, body, (socket, chunk) => socket.send(chunk, { text: isText }));
}

function upgraded(
  headers: HttpHeaders,
  body: Body,
  send: (socket: WebSocketConnection, chunk: Uint8Array) => Promise<void>,
): HttpResponse {
  return {
    status: 101,
    headers,
    body: new Uint8Array(),
    takeOver: (connection) => {
      const socket = new WebSocketConnection(connection, 'server');
      void listen(socket);
      void deliver(socket, body, send);
    },
  };
}

/** What the client says goes nowhere, but for its goodbye. */
async function listen(socket: WebSocketConnection): Promise<void> {
  try {
    const messages = socket.messages()[Symbol.asyncIterator]();
    while ((await messages.next()).done !== true) continue;
    await socket.close();
  } catch {
    socket.destroy();
  }
}

async function deliver(
  socket: WebSocketConnection,
  body: Body,
  send: (socket: WebSocketConnection, chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  try {
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      if (socket.closeCode !== undefined) break;
      if (chunk.byteLength > 0) await send(socket, chunk);
    }
    await socket.close();
  } catch {
    socket.destroy();
  }
}

/** The lines of a body with their ends. */
async function* lines(body: Body): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.subarray(0, end + 1);
      rest = rest.subarray(end + 1);
    }
  }
}
