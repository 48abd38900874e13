import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { readBody } from '../../src/apimachinery/http.ts';
import { ConnectionTrace } from '../../src/client/connection-trace.ts';
import { createHttpTransport } from '../../src/client/http-transport.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';

void test('new connections are told of, kept ones are not', async (context) => {
  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const lines: string[] = [];
  const trace = new ConnectionTrace(new FakeClock(), (source, text) => lines.push(`${source} ${text}`));
  const transport = createHttpTransport({ server: `http://127.0.0.1:${port}`, trace });
  context.after(() => transport.close());
  const get = async (): Promise<void> => {
    const { body } = await transport.send({ method: 'GET', path: '/', headers: {} });
    await readBody(body);
  };
  assert.equal(trace.take(), undefined);
  await get();
  assert.deepEqual(trace.take(), { lookup: 0, dial: 0, handshake: 0 });
  await get();
  assert.equal(trace.take(), undefined);
  const dialed = `network="tcp" address="127.0.0.1:${port}"`;
  assert.deepEqual(lines, [`round_trippers.go:562 "HTTP Trace: Dial succeed" ${dialed}`]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await transport.close();
  const again = createHttpTransport({ server: `http://127.0.0.1:${port}`, trace });
  context.after(() => again.close());
  await assert.rejects(again.send({ method: 'GET', path: '/', headers: {} }));
  const reason = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  assert.deepEqual(lines.slice(1), [`round_trippers.go:560 "HTTP Trace: Dial failed" ${dialed} err="${reason}"`]);
});
