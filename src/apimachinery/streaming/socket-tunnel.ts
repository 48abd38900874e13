import { MuxStream } from './mux-stream.ts';
import type { WebSocketConnection } from './web-socket.ts';

/** A connection that runs inside a WebSocket: its bytes are the payload of binary messages (KEP-4006). */
export function openTunnel(socket: WebSocketConnection): MuxStream {
  const tunnel: MuxStream = new MuxStream({
    send: (chunk) => socket.send(chunk),
    finish: () => socket.close(),
    reset: () => socket.destroy(),
  });
  const receive = async (): Promise<void> => {
    for await (const { data } of socket.messages()) await tunnel.deliver(data);
    tunnel.deliverEnd();
  };
  receive().catch((error: unknown) => tunnel.destroy(error instanceof Error ? error : undefined));
  return tunnel;
}
