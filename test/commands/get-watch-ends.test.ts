import assert from 'node:assert/strict';
import test from 'node:test';
import type { HttpRequest, HttpResponse } from '../../src/apimachinery/http.ts';
import { TransportError } from '../../src/client/transport-error.ts';
import { commandRunner } from '../support/run-command.ts';

const json = { 'content-type': 'application/json' };
const answer = (value: unknown): HttpResponse => ({
  status: 200,
  headers: json,
  body: Buffer.from(JSON.stringify(value)),
});

const resources = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get', 'list', 'watch'] }],
};

const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'w', namespace: 'default' } };
const added = `${JSON.stringify({ type: 'ADDED', object: pod })}\n`;
const expired = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'too old resource version: 1 (5)',
  reason: 'Expired',
  code: 410,
};

async function* brokenOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(added);
  await Promise.resolve();
  throw new TransportError('reset', 'server', 'UND_ERR_SOCKET', 'other side closed');
}

/** A server with an empty list of pods and a watch. */
function serverWith(watch: () => HttpResponse['body']): { send: (request: HttpRequest) => Promise<HttpResponse> } {
  return {
    send: (request) => {
      const { pathname, searchParams } = new URL(request.path, 'http://server');
      if (pathname === '/api') return Promise.resolve(answer({ kind: 'APIVersions', versions: ['v1'] }));
      if (pathname === '/apis') return Promise.resolve(answer({ kind: 'APIGroupList', apiVersion: 'v1', groups: [] }));
      if (pathname === '/api/v1') return Promise.resolve(answer(resources));
      if (searchParams.has('watch')) return Promise.resolve({ status: 200, headers: json, body: watch() });
      return Promise.resolve(
        answer({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] }),
      );
    },
  };
}

/** What kubectl 1.36 was seen to print of the same answers. */
const cases: readonly (readonly [name: string, watch: () => HttpResponse['body'], args: string[], stdout: string])[] = [
  ['that breaks off', brokenOff, [], 'NAME   AGE\nw      <unknown>\n'],
  ['that breaks off, as names', brokenOff, ['-o', 'name'], 'pod/w\n'],
  ['that ends in the middle of an event', () => Buffer.from(`${added}{"type":"ADDED","obj`), ['-o', 'name'], 'pod/w\n'],
  [
    'that ends with an error',
    () => Buffer.from(`${JSON.stringify({ type: 'ERROR', object: expired })}\n`),
    [],
    'STATUS    REASON    MESSAGE\nFailure   Expired   too old resource version: 1 (5)\n',
  ],
];

for (const [name, watch, args, stdout] of cases) {
  test(`get -w shows what there was of a watch ${name}, and that is no error`, async (context) => {
    const transport = { ...serverWith(watch), close: () => Promise.resolve() };
    const { run } = commandRunner(context, { transport });
    assert.deepEqual(await run('get', 'pods', '-w', ...args), { exitCode: 0, stdout, stderr: '' });
  });
}
