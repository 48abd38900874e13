import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { createGrpcClient, GrpcError } from '../../src/system/grpc-client.ts';
import { socketPathOf, startGrpcServer } from '../support/grpc-server.ts';

test('a message goes there, and one comes back', async (context) => {
  const socketPath = socketPathOf(context);
  const seen: string[] = [];
  await startGrpcServer(context, socketPath, (method, message) => {
    seen.push(`${method} ${Buffer.from(message).toString()}`);
    return Buffer.from(`${Buffer.from(message).toString()}!`);
  });
  const client = createGrpcClient({ socketPath, clock: new FakeClock() });
  context.after(() => client.close());
  const answers = await Promise.all(['a', 'b'].map((text) => client.call('/p.S/M', Buffer.from(text), 1000)));
  assert.deepEqual(answers.map((answer) => Buffer.from(answer).toString()).toSorted(), ['a!', 'b!']);
  assert.equal((await client.call('/p.S/M', new Uint8Array(), 1000)).byteLength, 1);
  assert.deepEqual(seen.toSorted(), ['/p.S/M ', '/p.S/M a', '/p.S/M b']);
});

test('a process waits for an answer, not for a connection', async (context) => {
  const socketPath = socketPathOf(context);
  let answer: (message: Uint8Array) => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    void startGrpcServer(context, socketPath, () => {
      resolve();
      return new Promise<Uint8Array>((settled) => (answer = settled));
    });
  });
  const client = createGrpcClient({ socketPath, clock: new FakeClock() });
  context.after(() => client.close());
  const pipes = (): number => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
  const called = client.call('/p.S/M', new Uint8Array(), 1000);
  await asked;
  const during = pipes();
  answer(Buffer.from('a'));
  await called;
  assert.equal(during - pipes(), 1);
});

test('an error is told with its code and text', async (context) => {
  const socketPath = socketPathOf(context);
  await startGrpcServer(context, socketPath, () => ({ code: 7, message: 'not for you: ümlaut' }));
  const client = createGrpcClient({ socketPath, clock: new FakeClock() });
  context.after(() => client.close());
  await assert.rejects(client.call('/p.S/M', new Uint8Array(), 1000), (error: unknown) => {
    assert.ok(error instanceof GrpcError);
    assert.equal(error.code, 'PermissionDenied');
    assert.equal(error.message, 'rpc error: code = PermissionDenied desc = not for you: ümlaut');
    return true;
  });
});

test('a server that is not there is waited for, and one that went is found again', async (context) => {
  const socketPath = socketPathOf(context);
  const clock = new FakeClock();
  const client = createGrpcClient({ socketPath, clock });
  context.after(() => client.close());
  const inVain = assert.rejects(
    client.call('/p.S/M', new Uint8Array(), 1000),
    /^Error: rpc error: code = DeadlineExceeded desc = .*dial unix .*plugin\.sock: connect: no such file or directory/,
  );
  await whileWaiting(inVain, clock);
  const asked = client.call('/p.S/M', new Uint8Array(), 60_000);
  const first = await startGrpcServer(context, socketPath, () => Buffer.from('first'));
  await whileWaiting(asked, clock);
  assert.equal(Buffer.from(await asked).toString(), 'first');
  await first.close();
  await startGrpcServer(context, socketPath, () => Buffer.from('second'));
  const again = client
    .call('/p.S/M', new Uint8Array(), 60_000)
    .catch(() => client.call('/p.S/M', new Uint8Array(), 60_000));
  await whileWaiting(again, clock);
  assert.equal(Buffer.from(await again).toString(), 'second');
});

test('a server that says nothing is given up', async (context) => {
  const socketPath = socketPathOf(context);
  const clock = new FakeClock();
  await startGrpcServer(context, socketPath, () => new Promise<Uint8Array>(() => undefined));
  const client = createGrpcClient({ socketPath, clock });
  context.after(() => client.close());
  const asked = assert.rejects(
    client.call('/p.S/M', new Uint8Array(), 1000),
    /^Error: rpc error: code = DeadlineExceeded desc = context deadline exceeded$/,
  );
  await whileWaiting(asked, clock);
});

/** Lets time pass until something has come about. */
async function whileWaiting(awaited: Promise<unknown>, clock: FakeClock): Promise<void> {
  const state = { isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  awaited.then(over, over);
  while (!state.isOver) {
    await settle();
    await clock.advance(100);
  }
}
