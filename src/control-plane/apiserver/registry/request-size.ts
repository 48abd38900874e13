import type { JsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { writeMessage } from '../codecs/protobuf-message.ts';
import type { ApiResource } from './api-resource.ts';

/** What etcd takes in one request (its --max-request-bytes by default), and what its client sends at all. */
const mostRequestBytes = 1.5 * 1024 * 1024;
const mostMessageBytes = 2 * 1024 * 1024;

/** What a write has besides its key, which stands in it three times, and the object; it differs by some bytes. */
const framingBytes = 64;

/** Groups whose objects the real server stores as JSON; those of the others are protobuf. */
const groupsInJson: ReadonlySet<string> = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

class TooLargeError extends StatusError {
  constructor(message: string) {
    super({ message, code: 500 });
  }
}

/**
 * Writes once more where an object was too large, then without the owners of its fields, which can be large themselves.
 * @param write is told whether to leave the owners out
 */
export async function withOwnersIfTheyFit<Result>(write: (leavesOut: boolean) => Promise<Result>): Promise<Result> {
  try {
    return await write(false);
  } catch (error) {
    if (!(error instanceof TooLargeError)) throw error;
    return await write(true);
  }
}

/**
 * Refuses an object that the real server could not store in etcd, whatever the storage here takes.
 * @param bytes the object as JSON, which is longer than protobuf
 * @throws StatusError 500
 */
export function refuseTooLarge(bytes: Uint8Array, key: string, object: Unstructured, resource: ApiResource): void {
  const around = 3 * Buffer.byteLength(key) + framingBytes;
  if (bytes.byteLength + around <= mostRequestBytes) return;
  const isJson = resource.custom || groupsInJson.has(resource.gvk.group);
  const { definition, types } = resource;
  const stored = isJson ? bytes : writeMessage(object as unknown as JsonObject, definition.type, types);
  const size = around + stored.byteLength;
  if (size <= mostRequestBytes) return;
  const message =
    size > mostMessageBytes
      ? `rpc error: code = ResourceExhausted desc = trying to send message larger than max (${size} vs. ${mostMessageBytes})`
      : 'etcdserver: request is too large';
  throw new TooLargeError(message);
}
