import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { GrpcClient } from '../../../system/grpc-client.ts';

/** Notes of a key management service, by domain names. */
export type KmsAnnotations = ReadonlyMap<string, Uint8Array>;

/** How a service is, and the key it encrypts with. */
export interface KmsStatus {
  /** `v2` or `v2beta1`. */
  readonly version: string;
  /** `ok`, or what is wrong. */
  readonly healthz: string;
  readonly keyId: string;
}

/** What a service made of some bytes. */
export interface KmsEncrypted {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: KmsAnnotations;
}

/** A key management service of version 2 (KEP-3299). All throw GrpcError. */
export interface KmsService {
  status(): Promise<KmsStatus>;
  encrypt(plaintext: Uint8Array, uid: string): Promise<KmsEncrypted>;
  decrypt(encrypted: KmsEncrypted, uid: string): Promise<Uint8Array>;
  close(): void;
}

/** The service behind a gRPC client. @param timeoutMillis of each call */
export function grpcKmsService(client: GrpcClient, timeoutMillis: number): KmsService {
  const call = (method: string, message: Uint8Array): Promise<Uint8Array> =>
    client.call(`/v2.KeyManagementService/${method}`, message, timeoutMillis);
  return {
    async status() {
      const fields = readFields(await call('Status', new Uint8Array()));
      return { version: textOf(fields, 1), healthz: textOf(fields, 2), keyId: textOf(fields, 3) };
    },
    async encrypt(plaintext, uid) {
      const writer = new BinaryWriter();
      writeBytes(writer, 1, plaintext);
      writeBytes(writer, 2, Buffer.from(uid));
      const fields = readFields(await call('Encrypt', writer.finish()));
      return { ciphertext: bytesOf(fields, 1), keyId: textOf(fields, 2), annotations: readAnnotations(fields, 3) };
    },
    async decrypt({ ciphertext, keyId, annotations }, uid) {
      const writer = new BinaryWriter();
      writeBytes(writer, 1, ciphertext);
      writeBytes(writer, 2, Buffer.from(uid));
      writeBytes(writer, 3, Buffer.from(keyId));
      writeAnnotations(writer, 4, annotations);
      return bytesOf(readFields(await call('Decrypt', writer.finish())), 1);
    },
    close: () => client.close(),
  };
}

/** The values of a message's fields by number, in their order. */
export type MessageFields = ReadonlyMap<number, readonly (Uint8Array | number)[]>;

/** Reads a message of bytes, texts and small numbers. @throws Error for what is no message */
export function readFields(bytes: Uint8Array): MessageFields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number)[]>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    if (wireType === WireType.LengthDelimited) values.push(reader.bytes());
    else if (wireType === WireType.Varint) values.push(reader.int32());
    else reader.skip(wireType, number);
  }
  return fields;
}

/** The bytes of a field; none where it is not there. */
export function bytesOf(fields: MessageFields, number: number): Uint8Array {
  const last = fields.get(number)?.at(-1);
  return last instanceof Uint8Array ? last : new Uint8Array();
}

/** The text of a field; empty where it is not there. */
export function textOf(fields: MessageFields, number: number): string {
  return Buffer.from(bytesOf(fields, number)).toString('utf8');
}

/** A field that is a map of texts to bytes. */
export function readAnnotations(fields: MessageFields, number: number): KmsAnnotations {
  const entries = (fields.get(number) ?? []).filter((entry) => entry instanceof Uint8Array).map(readFields);
  return new Map(entries.map((entry) => [textOf(entry, 1), bytesOf(entry, 2)]));
}

/** Writes a field of bytes, unless there are none. */
export function writeBytes(writer: BinaryWriter, number: number, value: Uint8Array): void {
  if (value.byteLength > 0) writer.tag(number, WireType.LengthDelimited).bytes(value);
}

/** Writes a map of texts to bytes. */
export function writeAnnotations(writer: BinaryWriter, number: number, annotations: KmsAnnotations): void {
  for (const [key, value] of annotations) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeBytes(writer, 1, Buffer.from(key));
    writeBytes(writer, 2, value);
    writer.join();
  }
}
