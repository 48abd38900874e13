import { header, type HttpHeaders } from '../http.ts';

/** Subprotocols of exec and attach over WebSocket, best first; v5 adds the end of standard input. */
export const remoteCommandSubprotocols: readonly string[] = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];

/** The protocol of exec and attach with the end of standard input. */
export const remoteCommandV5 = 'v5.channel.k8s.io';

/** Protocols of exec and attach over SPDY/3.1, best first. */
export const spdyRemoteCommandProtocols: readonly string[] = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
];

/** The protocol of port-forward over SPDY/3.1. */
export const portForwardProtocol = 'portforward.k8s.io';

/** The subprotocol of a WebSocket that carries port-forward's SPDY/3.1. */
export const portForwardTunnel = `SPDY/3.1+${portForwardProtocol}`;

/** Names the protocol spoken over an upgraded SPDY/3.1 connection. */
export const streamProtocolHeader = 'x-stream-protocol-version';

/** In a refusal: what would have been taken. */
export const acceptedStreamProtocolsHeader = 'x-accepted-stream-protocol-versions';

/** What a stream of exec or attach carries; the position is the channel over WebSocket. */
export const remoteCommandChannels = ['stdin', 'stdout', 'stderr', 'error', 'resize'] as const;

export type RemoteCommandChannel = (typeof remoteCommandChannels)[number];

/** Reason of the Status on the error stream for a command that ended with another code than 0. */
export const nonZeroExitCode = 'NonZeroExitCode';

/** Reason of the Status' cause whose message is the exit code. */
export const exitCodeCause = 'ExitCode';

/** The protocol that a request asks its connection to be switched to, in lower case; undefined for an ordinary one. */
export function requestedUpgrade(headers: HttpHeaders): string | undefined {
  const connection = (header(headers, 'connection') ?? '').toLowerCase();
  const upgrade = (header(headers, 'upgrade') ?? '').toLowerCase();
  return upgrade !== '' && connection.split(',').some((word) => word.trim() === 'upgrade') ? upgrade : undefined;
}

/** The words of a header that lists some, in one line or several. */
export function headerList(headers: HttpHeaders, name: string): readonly string[] {
  const value = headers[name] ?? [];
  return (typeof value === 'string' ? [value] : value)
    .flatMap((line) => line.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
