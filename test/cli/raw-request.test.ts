import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawRequestPath, requireRawPath } from '../../src/cli/raw-request.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

/** What --raw is given, and what the real kubectl 1.36 sends. */
const paths: readonly (readonly [raw: string, sent: string])[] = [
  ['/api/', '/api/'],
  ['/api/v1/../../version', '/version'],
  ['//api', '/'],
  ['//h/p', '/p'],
  ['/a//b', '/a/b'],
  ['https://127.0.0.1:21000/version?a=b', '/version?a=b'],
  ['/pods?x y', '/pods?x+y='],
  ['/api v1', '/api%20v1'],
  ['/version?b=2&a=1&a=0&c', '/version?a=1&a=0&b=2&c='],
  ['/version#f', '/version'],
  ['/a%20b/c%2Fd', '/a%20b/c/d'],
  ['/x?%', '/x'],
  ['/x?a=%zz', '/x'],
  ['/x;y?a;b', '/x;y'],
  ['/ü?ü=ö', '/%C3%BC?%C3%BC=%C3%B6'],
  ['/x?a=b+c', '/x?a=b+c'],
  ['/x?', '/x'],
  ['/x?=', '/x?='],
  ["/v*s'()!~", '/v%2As%27%28%29%21~'],
  ['/x"y\\', '/x%22y%5C'],
  ['/x?labelSelector=a%3Db', '/x?labelSelector=a%3Db'],
];

for (const [raw, sent] of paths) {
  void test(`--raw=${raw} asks for ${sent}`, () => {
    assert.equal(rawRequestPath(raw), sent);
  });
}

void test('what is no path is refused', () => {
  const message = (raw: string): string => {
    try {
      requireRawPath(raw);
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };
  assert.equal(message('/api'), '');
  assert.equal(message('api'), '--raw must be a valid URL path: parse "api": invalid URI for request');
  assert.equal(message('/%zz'), '--raw must be a valid URL path: parse "/%zz": invalid URL escape "%zz"');
});

void test('get, create and delete send what --raw means', async (context) => {
  const cluster = await createCommandCluster(context);
  const maps = '/api/v1/namespaces/default//configmaps';
  const input = '{"metadata": {"name": "x"}}';
  const created = await cluster.runWith({ input }, 'create', '--raw', `${maps}#a`, '-f', '-');
  assert.equal(created.exitCode, 0, created.stderr);
  assert.match((await cluster.run('get', '--raw', `${maps}/x`)).stdout, /"name":"x"/);
  const { stderr } = await cluster.run('delete', '--raw', `${maps}/y`, '--force', '--grace-period=0');
  assert.equal(
    stderr,
    'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\nError from server (NotFound): configmaps "y" not found\n',
  );
  assert.deepEqual(await cluster.run('create', '--raw', maps, '-f', '.'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Unable to connect to the server: read .: is a directory\n',
  });
});
