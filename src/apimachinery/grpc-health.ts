/** The path of the call that asks a server how it is (gRPC Health Checking Protocol). */
export const healthCheckPath = '/grpc.health.v1.Health/Check';

/** What a server may say of itself, by its number. */
export const healthStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** One of them. */
export type HealthStatus = (typeof healthStatuses)[number];

/** Codes of gRPC that a check ends with. */
export const grpcCodes = { ok: 0, notFound: 5, unimplemented: 12 } as const;

/** The message that asks for a service, with the head of a gRPC message. */
export function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  return framed(name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a]), varint(name.length), name]));
}

/** The service that a message asks for. */
export function decodeHealthRequest(message: Buffer): string {
  const body = message.subarray(5);
  if (body[0] !== 0x0a) return '';
  const { value, end } = readVarint(body, 1);
  return body.subarray(end, end + value).toString('utf8');
}

/** The message that says how a service is. */
export function encodeHealthResponse(status: HealthStatus): Buffer {
  return framed(Buffer.from([0x08, healthStatuses.indexOf(status)]));
}

/** How a service is; a message without a status says that it is not known. */
export function decodeHealthResponse(message: Buffer): HealthStatus {
  const body = message.subarray(5);
  return (body[0] === 0x08 ? healthStatuses[readVarint(body, 1).value] : undefined) ?? 'UNKNOWN';
}

/** Each message has a byte that says whether it is compressed, and its length in four. */
function framed(body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}

function readVarint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let [value, factor, at] = [0, 1, start];
  for (; (bytes[at] ?? 0) > 0x7f; at++, factor *= 0x80) value += ((bytes[at] ?? 0) & 0x7f) * factor;
  return { value: value + (bytes[at] ?? 0) * factor, end: at + 1 };
}
