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
  [
    'of what is no event',
    () => Buffer.from(`${added}garbage here\n`),
    [],
    `NAME   AGE\nw      <unknown>\nSTATUS    REASON          MESSAGE\nFailure   InternalError   ${undecodable("invalid character 'g' looking for beginning of value")}\n`,
  ],
  [
    'with an event of no known type',
    () => Buffer.from(`${JSON.stringify({ type: 'WEIRD', object: pod })}\n${added}`),
    [],
    `STATUS    REASON          MESSAGE\nFailure   InternalError   ${undecodable('got invalid watch event type: WEIRD')}\n`,
  ],
];

function undecodable(problem: string): string {
  return `an error on the server ("unable to decode an event from the watch stream: ${problem}") has prevented the request from succeeding`;
}

for (const [name, watch, args, stdout] of cases) {
  test(`get -w shows what there was of a watch ${name}, and that is no error`, async (context) => {
    const transport = { ...serverWith(watch), close: () => Promise.resolve() };
    const { run } = commandRunner(context, { transport });
    assert.deepEqual(await run('get', 'pods', '-w', ...args), { exitCode: 0, stdout, stderr: '' });
  });
}

test('get -w of one object gets it and watches from any version, which tells it once more', async (context) => {
  const asked: string[] = [];
  const changed = `${JSON.stringify({ type: 'MODIFIED', object: pod })}\n`;
  const { send } = serverWith(() => Buffer.from(`${added}${changed}`));
  const transport = {
    send: (request: HttpRequest) => {
      asked.push(request.path);
      return request.path.endsWith('/pods/w') ? Promise.resolve(answer(pod)) : send(request);
    },
    close: () => Promise.resolve(),
  };
  const { run } = commandRunner(context, { transport });
  for (const [flag, times] of [
    ['-w', 2],
    ['--watch-only', 1],
  ] as const) {
    const stdout = 'pod/w\n'.repeat(times);
    assert.deepEqual(await run('get', 'pod', 'w', flag, '-o', 'name'), { exitCode: 0, stdout, stderr: '' });
    assert.deepEqual(asked.slice(-2), [
      '/api/v1/namespaces/default/pods/w',
      '/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3Dw&resourceVersion=0&watch=true',
    ]);
  }
});

test('an answer that says to be no object is told of by its type', async (context) => {
  const { send } = serverWith(() => new Uint8Array());
  const page = { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>') };
  const transport = {
    send: (request: HttpRequest) => (request.path.includes('/namespaces/') ? Promise.resolve(page) : send(request)),
    close: () => Promise.resolve(),
  };
  const { run } = commandRunner(context, { transport });
  const reason = "serializer for text/html doesn't exist\n";
  assert.equal((await run('get', 'pod', 'w')).stderr, `error: ${reason}`);
  assert.equal((await run('get', 'pods')).stderr, reason);
  assert.equal((await run('delete', 'pod', 'w')).stderr, `error: ${reason}`);
});
