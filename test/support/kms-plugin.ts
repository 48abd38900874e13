import type { TestContext } from 'node:test';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import {
  bytesOf,
  readFields,
  textOf,
  writeAnnotations,
  writeBytes,
} from '../../src/control-plane/storage/kms/kms-service.ts';
import { type GrpcServer, startGrpcServer } from './grpc-server.ts';

/** A key management service that a test plays: what it encrypts is turned round, with the key's name before it. */
export interface KmsPlugin {
  keyId: string;
  healthz: string;
  version: string;
  /** Methods that were called, in order. */
  readonly calls: string[];
  readonly server: GrpcServer;
}

/** Starts a plugin on a socket; it ends with the test. */
export async function startKmsPlugin(context: TestContext, socketPath: string): Promise<KmsPlugin> {
  const calls: string[] = [];
  const state = { keyId: 'key-1', healthz: 'ok', version: 'v2' };
  const server = await startGrpcServer(context, socketPath, (path, message) => {
    const method = path.replace('/v2.KeyManagementService/', '');
    calls.push(method);
    const fields = readFields(message);
    const writer = new BinaryWriter();
    if (method === 'Status') {
      [state.version, state.healthz, state.keyId].forEach((text, index) => {
        writeBytes(writer, index + 1, Buffer.from(text));
      });
    } else if (method === 'Encrypt') {
      writeBytes(writer, 1, Buffer.concat([Buffer.from(`${state.keyId}:`), turned(bytesOf(fields, 1))]));
      writeBytes(writer, 2, Buffer.from(state.keyId));
      writeAnnotations(writer, 3, new Map([['version.example.com', Buffer.from('1')]]));
    } else if (method === 'Decrypt') {
      const keyId = textOf(fields, 3);
      const ciphertext = Buffer.from(bytesOf(fields, 1));
      if (!ciphertext.toString('latin1').startsWith(`${keyId}:`)) return { code: 3, message: 'not one of ours' };
      writeBytes(writer, 1, turned(ciphertext.subarray(keyId.length + 1)));
    } else return { code: 12, message: `unknown method ${method}` };
    return writer.finish();
  });
  return Object.assign(state, { calls, server });
}

function turned(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte) => byte ^ 0xff);
}
