import type { Duplex } from 'node:stream';
import { sleep } from '../../../../system/clock.ts';
import { killedExitCode, type ProcessContext } from '../process-context.ts';

const flushMillis = 500;

/** `agnhost port-forward-tester`: takes one connection, checks what comes in and sends chunks, as its variables say. */
export async function runPortForwardTester(context: ProcessContext): Promise<number> {
  const { env, signal, clock, stdout } = context;
  const say = (text: string): Promise<void> => stdout.write(Buffer.from(`${text}\n`));
  const numbers = ['CHUNKS', 'CHUNK_SIZE', 'CHUNK_INTERVAL'].map((name) => [name, env.get(name) ?? ''] as const);
  const connection = await accept(context, Number(env.get('BIND_PORT') ?? 0));
  if (connection === undefined) return killedExitCode;
  const end = (code: number): number => {
    connection.destroy();
    return code;
  };
  connection.on('error', () => undefined);
  await say('Accepted client connection');
  const expected = env.get('EXPECTED_CLIENT_DATA') ?? '';
  if (expected !== '') {
    const read = await readOnce(connection, Buffer.byteLength(expected), signal);
    if (read.length !== Buffer.byteLength(expected)) {
      const lengths = `${Buffer.byteLength(expected)} bytes from client, but got ${read.length} instead. err=EOF`;
      await say(`Expected to read ${lengths}`);
      return end(2);
    }
    if (read.toString('utf8') !== expected) {
      const texts = `${JSON.stringify(expected)}, but got ${JSON.stringify(read.toString('utf8'))}`;
      await say(`Expect to read ${texts}. err=<nil>`);
      return end(3);
    }
    await say('Received expected client data');
  }
  for (const [name, text] of numbers) {
    if (/^-?\d+$/.test(text)) continue;
    await say(
      `Error parsing ${name} ${JSON.stringify(text)}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
    return end(1);
  }
  const [chunks = 0, size = 0, interval = 0] = numbers.map(([, text]) => Number(text));
  for (let chunk = 0; chunk < chunks; chunk++) {
    connection.write(Buffer.alloc(size, 'x'));
    if (chunk + 1 < chunks) await sleep(clock, interval, signal);
  }
  await say('Shutting down connection');
  connection.end();
  connection.resume();
  await sleep(clock, flushMillis, signal);
  await say('Done');
  return end(0);
}

/** The first connection to a port, and no other. @returns undefined when the process is killed before */
function accept({ listenRaw, signal }: ProcessContext, port: number): Promise<Duplex | undefined> {
  return new Promise((resolve) => {
    const close = listenRaw(port, (connection) => {
      close();
      resolve(connection);
    });
    signal.addEventListener(
      'abort',
      () => {
        close();
        resolve(undefined);
      },
      { once: true },
    );
  });
}

/** What comes first, up to some length; less when the other side ends. */
function readOnce(connection: Duplex, length: number, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    const finish = (): void => {
      connection.off('data', take);
      connection.pause();
      resolve(Buffer.concat(chunks).subarray(0, length));
    };
    const take = (chunk: Uint8Array): void => {
      chunks.push(chunk);
      if (Buffer.concat(chunks).length >= length) finish();
    };
    connection.on('data', take);
    connection.once('end', finish);
    connection.once('close', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
