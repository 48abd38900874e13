import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { readBody } from '../../../../src/apimachinery/http.ts';
import { createDialedTransport } from '../../../../src/client/dialed-transport.ts';
import { connectionPair } from '../../../../src/node/cri/connection-pair.ts';
import { serve } from '../../../../src/node/cri/simulation/images/web-server.ts';
import { PortServer } from '../../../../src/node/cri/simulation/port-server.ts';
import { UsageMeter } from '../../../../src/node/cri/simulation/usage-meter.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';

void test('a program that fails to answer ends that connection alone', async (context) => {
  const ports = new PortServer('default/web', []);
  const stop = new AbortController();
  const place = {
    usage: new UsageMeter(new FakeClock(), 1),
    signal: stop.signal,
    listen: (port: number, listener: RequestListener) => ports.listen(port, listener),
  };
  const ended = serve(place, 80, (request, response) => {
    if (request.url === '/async') return Promise.reject(new Error('not now'));
    return void response.end(decodeURIComponent(request.url ?? ''));
  });
  const transport = createDialedTransport(async () => {
    const [near, far] = connectionPair('10.0.0.9');
    void ports.serve(80, far);
    return near;
  });
  context.after(() => transport.close());
  const get = async (path: string): Promise<string> => {
    const { body } = await transport.send({ method: 'GET', path, headers: {} });
    return Buffer.from(await readBody(body)).toString('utf8');
  };
  await assert.rejects(get('/%ZZ'));
  await assert.rejects(get('/async'));
  assert.equal(await get('/a%20b'), '/a b');
  stop.abort();
  assert.equal(await ended, 137);
  assert.equal(ports.isOpen(80), false);
});
