import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createComponentPagesRoute } from '../../../src/control-plane/apiserver/component-pages.ts';
import { servedVersion } from '../../../src/control-plane/apiserver/server.ts';
import { FakeClock } from '../../../src/system/fake-clock.ts';
import { createTestApiServer, type TestAnswer } from '../../support/test-api-server.ts';

const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.';

test('flagz and statusz: text for people, an object for who asks for that, 406 for anything else', async () => {
  const clock = new FakeClock(Date.UTC(2026, 10, 8, 12, 57, 43));
  const route = createComponentPagesRoute({
    flags: new Map([
      ['v', '2'],
      ['authorization-mode', 'RBAC'],
    ]),
    version: servedVersion,
    startedAt: clock.now(),
  });
  const api = await createTestApiServer({ clock, routes: [route] });
  await clock.advance(3909_000);
  const get = (path: string, accept: string): Promise<TestAnswer> => api.request('GET', path, undefined, { accept });
  const flags = await get('/flagz', '*/*');
  assert.equal(flags.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(flags.text, `\napiserver flagz\n${warning}\nauthorization-mode: RBAC\nv: 2\n`);
  const status = await get('/statusz', 'text/plain');
  assert.equal(
    status.text,
    `\napiserver statusz\n${warning}\n\nStarted: Sun Nov  8 12:57:43 UTC 2026\nUp: 1 hr 05 min 09 sec\nGo version: \nBinary version: 1.36.2\nEmulation version: 1.36\nPaths: /flagz /healthz /livez /metrics /readyz /statusz /version\n`,
  );
  const object = await get('/statusz', 'application/json;v=v1beta1;g=config.k8s.io;as=Statusz');
  assert.equal(object.headers['content-type'], 'application/json;g=config.k8s.io;v=v1beta1;as=Statusz');
  assert.equal(object.headers['warning'], undefined);
  assert.deepEqual(JSON.parse(object.text), {
    kind: 'Statusz',
    apiVersion: 'config.k8s.io/v1beta1',
    metadata: { name: 'apiserver' },
    startTime: '2026-11-08T12:57:43Z',
    uptimeSeconds: 3909,
    goVersion: '',
    binaryVersion: '1.36.2',
    emulationVersion: '1.36',
    paths: ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'],
  });
  const old = await get('/flagz', 'application/yaml;v=v1alpha1;g=config.k8s.io;as=Flagz');
  assert.match(old.text, /^apiVersion: config\.k8s\.io\/v1alpha1\nflags:\n {2}authorization-mode: RBAC\n/);
  assert.deepEqual(old.headers['warning'], [
    '299 - "This version of the flagz endpoint is deprecated. Please use a newer version."',
  ]);
  assert.equal((await get('/flagz', 'application/json')).status, 406);
  await api.close();
});
