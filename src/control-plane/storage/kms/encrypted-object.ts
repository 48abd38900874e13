import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isDns1123Subdomain } from '../../../apimachinery/names.ts';
import {
  bytesOf,
  type KmsAnnotations,
  type KmsEncrypted,
  readAnnotations,
  readFields,
  textOf,
  writeAnnotations,
  writeBytes,
} from './kms-service.ts';

/** What the service keeps for us: a key itself (0), or a seed that keys are derived from (1). */
export type DekSourceType = 0 | 1;

/** A value as it is kept: encrypted with a key that a service has encrypted. */
export interface EncryptedObject extends KmsEncrypted {
  readonly data: Uint8Array;
  /** The ciphertext is of this. */
  readonly sourceType: DekSourceType;
}

const maxKeyIdBytes = 1024;
const maxSourceBytes = 1024;
const maxAnnotationBytes = 32 * 1024;

/** The message (apiserver's kmsv2/v2/api.proto) of an object. @throws Error for one that the rules do not allow */
export function writeEncryptedObject(object: EncryptedObject): Uint8Array {
  checkEncryptedObject(object);
  const writer = new BinaryWriter();
  writeBytes(writer, 1, object.data);
  writeBytes(writer, 2, Buffer.from(object.keyId));
  writeBytes(writer, 3, object.ciphertext);
  writeAnnotations(writer, 4, object.annotations);
  if (object.sourceType !== 0) writer.tag(5, WireType.Varint).int32(object.sourceType);
  return writer.finish();
}

/** Reads what writeEncryptedObject wrote. @throws Error */
export function readEncryptedObject(bytes: Uint8Array): EncryptedObject {
  const fields = readFields(bytes);
  const type = fields.get(5)?.at(-1) ?? 0;
  if (type !== 0 && type !== 1) throw new Error(`unknown encryptedDEKSourceType: ${String(type)}`);
  const object: EncryptedObject = {
    data: bytesOf(fields, 1),
    keyId: textOf(fields, 2),
    ciphertext: bytesOf(fields, 3),
    annotations: readAnnotations(fields, 4),
    sourceType: type,
  };
  checkEncryptedObject(object);
  return object;
}

function checkEncryptedObject(object: EncryptedObject): void {
  if (object.data.byteLength === 0) throw new Error('encrypted data is empty');
  checkEncrypted(object);
}

/** Whether what a service has encrypted can be kept. @throws Error */
export function checkEncrypted({ ciphertext, keyId, annotations }: KmsEncrypted): void {
  const size = ciphertext.byteLength;
  if (size === 0) throw new Error('failed to validate encrypted DEK source: encrypted DEK source is empty');
  if (size > maxSourceBytes) {
    const why = `encrypted DEK source is ${size} bytes, which exceeds the max size of ${maxSourceBytes}`;
    throw new Error(`failed to validate encrypted DEK source: ${why}`);
  }
  const problem = keyIdProblem(keyId);
  if (problem !== undefined) throw new Error(`failed to validate key id: ${problem}`);
  checkAnnotations(annotations);
}

/** What is wrong with the name of a key. */
export function keyIdProblem(keyId: string): string | undefined {
  const size = Buffer.byteLength(keyId);
  if (size === 0) return 'keyID is empty';
  return size > maxKeyIdBytes ? `keyID is ${size} bytes, which exceeds the max size of ${maxKeyIdBytes}` : undefined;
}

function checkAnnotations(annotations: KmsAnnotations): void {
  const problems: string[] = [];
  let total = 0;
  for (const [key, value] of annotations) {
    total += Buffer.byteLength(key) + value.byteLength;
    const name = key.replace(/\.$/, '');
    const wrong = isDns1123Subdomain(name);
    if (key === '') problems.push('annotations: Required value');
    else if (wrong.length > 0) problems.push(`annotations: Invalid value: ${JSON.stringify(name)}: ${wrong.join(',')}`);
    else if (!name.includes('.')) {
      const why = 'should be a domain with at least two segments separated by dots';
      problems.push(`annotations: Invalid value: ${JSON.stringify(name)}: ${why}`);
    }
  }
  if (total > maxAnnotationBytes) {
    problems.push(`total size of annotations is ${total}, which exceeds the max size of ${maxAnnotationBytes}`);
  }
  const [first, ...more] = problems;
  if (first === undefined) return;
  throw new Error(`failed to validate annotations: ${more.length === 0 ? first : `[${problems.join(', ')}]`}`);
}
