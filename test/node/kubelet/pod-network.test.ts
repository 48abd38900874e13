import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MessageProtocol } from '../../../src/node/cri/pod-place.ts';
import type { PodSandbox } from '../../../src/node/cri/runtime.ts';
import { sendDatagram } from '../../../src/node/kubelet/pod-network.ts';

const sandbox = { id: 's', state: 'SANDBOX_READY', ips: ['10.0.0.1'] } as unknown as PodSandbox;

async function send(protocol: MessageProtocol, datagram: () => Promise<Uint8Array | undefined>): Promise<string> {
  const runtime = { listPodSandbox: () => Promise.resolve([sandbox]), datagram };
  const answer = await sendDatagram(runtime, { address: '10.0.0.1', port: 53 }, Buffer.from('x'), {}, protocol);
  return answer === undefined ? 'nothing' : Buffer.from(answer).toString();
}

void test('an association of SCTP is refused, a datagram is not', async () => {
  const fail = (text: string) => (): Promise<undefined> => Promise.reject(new Error(text));
  assert.equal(await send('UDP', () => Promise.resolve(Buffer.from('y'))), 'y');
  assert.equal(await send('UDP', () => Promise.resolve(undefined)), 'nothing');
  assert.equal(await send('SCTP', () => Promise.resolve(undefined)), 'nothing');
  await assert.rejects(send('SCTP', fail('connection refused')), {
    message: 'dial sctp 10.0.0.1:53: connect: connection refused',
  });
  await assert.rejects(send('UDP', fail('the program has failed')), { message: 'the program has failed' });
});
