import { createHash, randomBytes } from 'node:crypto';
import { header, type HttpHeaders } from '../http.ts';
import { headerList, requestedUpgrade } from './protocols.ts';

/** RFC 6455, 1.3. */
const handshakeId = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server answers to a request for a WebSocket. */
export interface WebSocketAcceptance {
  /** For the 101. */
  readonly headers: HttpHeaders;
  /** The subprotocol that both speak; empty when the client asked for none. */
  readonly protocol: string;
}

/** Whether a request asks for a WebSocket. */
export function wantsWebSocket(headers: HttpHeaders): boolean {
  return requestedUpgrade(headers) === 'websocket';
}

/**
 * Takes the first subprotocol of the client that is spoken here; a client that names none gets none.
 * @returns a text that says what is wrong when it cannot be.
 */
export function acceptWebSocket(headers: HttpHeaders, spoken: readonly string[]): WebSocketAcceptance | string {
  const key = header(headers, 'sec-websocket-key') ?? '';
  if (header(headers, 'sec-websocket-version') !== '13' || Buffer.from(key, 'base64').length !== 16) {
    return 'not a WebSocket handshake of version 13';
  }
  const asked = headerList(headers, 'sec-websocket-protocol');
  const protocol = asked.length === 0 ? '' : asked.find((name) => spoken.includes(name));
  if (protocol === undefined) {
    return `requested protocol(s) are not supported: [${asked.join(' ')}]; supports [${spoken.join(' ')}]`;
  }
  return {
    protocol,
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-accept': acceptOf(key),
      ...(protocol === '' ? {} : { 'sec-websocket-protocol': protocol }),
    },
  };
}

/** Whether a request says where its page comes from, as browsers do: what some servers in Go insist on. */
export function namesOrigin(headers: HttpHeaders): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(header(headers, 'origin') ?? '');
}

/** A client's half of the handshake. */
export interface WebSocketOffer {
  /** For the request. */
  readonly headers: HttpHeaders;
  /** Whether an answer's headers fit; the text says what does not. */
  check(answer: HttpHeaders): string | undefined;
}

/** Asks for a WebSocket with one of these subprotocols. */
export function offerWebSocket(protocols: readonly string[]): WebSocketOffer {
  const key = randomBytes(16).toString('base64');
  return {
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      'sec-websocket-protocol': protocols.join(', '),
    },
    check(answer) {
      const isUpgraded = (header(answer, 'upgrade') ?? '').toLowerCase() === 'websocket';
      if (!isUpgraded || header(answer, 'sec-websocket-accept') !== acceptOf(key)) return 'websocket: bad handshake';
      const chosen = header(answer, 'sec-websocket-protocol') ?? '';
      if (protocols.includes(chosen)) return undefined;
      return `invalid protocol, expected one of [${protocols.map((name) => JSON.stringify(name)).join(' ')}], got ${JSON.stringify(chosen)}`;
    },
  };
}

function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${handshakeId}`).digest('base64');
}
