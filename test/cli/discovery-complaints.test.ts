import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import type { HttpResponse } from '../../src/apimachinery/http.ts';
import { commandRunner } from '../support/run-command.ts';

const refused: HttpResponse = {
  status: 401,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}',
  ),
};

/** How often kubectl 1.36 says that it does not get the server's kinds, with nothing of them on the disk. */
const tries: readonly (readonly [command: string, times: number])[] = [
  ['get cm', 5],
  ['get cm/a', 4],
  ['get cm,secret', 6],
  ['get deploy.v1.apps x', 7],
  ['get cm a b c', 5],
  ['describe cm', 5],
  ['delete cm a b', 5],
  ['edit cm/a', 4],
  ['label cm a b=c', 5],
  ['patch cm a -p {}', 5],
  ['scale deploy x --replicas=1', 5],
  ['autoscale deploy/x --max=2', 4],
  ['rollout status deploy/x', 4],
  ['rollout undo deploy/x', 4],
  ['set image deploy x a=b', 5],
  ['wait cm/a --for=delete', 4],
  ['apply view-last-applied cm a', 5],
  ['events --for pod/x', 2],
  ['explain pods', 2],
  ['run x --image=y', 1],
  ['taint node x a=b:NoSchedule', 2],
  ['cordon x', 4],
  ['drain x', 4],
  ['logs x', 4],
  ['exec x -- ls', 4],
  ['attach x', 4],
  ['port-forward x 80', 4],
  ['debug x --image=b', 4],
  ['certificate approve x', 4],
  ['api-resources', 1],
  ['api-versions', 1],
  ['version', 0],
  ['top pod', 0],
  ['get --raw /x', 0],
];

const complaint = (reason: string): string =>
  `"Unhandled Error" err=${JSON.stringify(`couldn't get current server API group list: ${reason}`)}`;

test('a server that takes no credentials: what is said, and how often', async (context) => {
  const transport = { send: () => Promise.resolve(refused), close: () => Promise.resolve() };
  const { run } = commandRunner(context, { transport });
  for (const [command, times] of tries) {
    const { exitCode, stderr } = await run(...command.split(' '));
    assert.equal(exitCode, 1, command);
    const lines = stderr.trimEnd().split('\n');
    const text = complaint('the server has asked for the client to provide credentials');
    assert.equal(
      lines.filter((line) => line.endsWith(`memcache.go:265] ${text}`)).length,
      times,
      `${command}: ${stderr}`,
    );
    if (times > 1) {
      const asked =
        'error: You must be logged in to the server (the server has asked for the client to provide credentials)';
      assert.equal(lines.at(-1), asked, command);
    }
  }
});

test('a server that is not there, with the request that got no answer', async (context) => {
  const port = await new Promise<number>((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0));
    });
  });
  const { run } = commandRunner(context);
  const server = `http://127.0.0.1:${port}`;
  const reason = `Get "${server}/api?timeout=32s": dial tcp 127.0.0.1:${port}: connect: connection refused`;
  const { stderr } = await run('get', 'cm', '-s', server);
  assert.equal(stderr.split(complaint(reason)).length, 1 + 5, stderr);
  assert.match(
    stderr,
    /\nThe connection to the server 127\.0\.0\.1:\d+ was refused - did you specify the right host or port\?\n$/,
  );
  const versions = await run('api-versions', '-s', server);
  assert.match(
    versions.stderr,
    new RegExp(`^E.*\nerror: couldn't get available api versions from server: Get "${server}/api`),
  );
  const created = await run('create', 'cm', 'x', '-s', server);
  assert.equal(
    created.stderr,
    `error: failed to create configmap: Post "${server}/api/v1/namespaces/default/configmaps?fieldManager=kubectl-create&fieldValidation=Strict": dial tcp 127.0.0.1:${port}: connect: connection refused\n`,
  );
});

test('a credential plugin that fails is told of with the request it was asked for', async (context) => {
  const { home, run } = commandRunner(context);
  const configuration = (exec: object): string =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', ...exec } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    });
  const file = join(home, 'config');
  const asked = 'Get "https://127.0.0.1:1/api?timeout=32s": ';
  writeFileSync(file, configuration({ command: 'false', interactiveMode: 'Never' }));
  const reason = 'getting credentials: exec: executable false failed with exit code 1';
  const failed = await run('get', 'cm', '--kubeconfig', file);
  assert.equal(failed.stderr.split(complaint(`${asked}${reason}`)).length, 1 + 5, failed.stderr);
  assert.ok(failed.stderr.endsWith(`\nUnable to connect to the server: ${reason}\n`), failed.stderr);
  writeFileSync(file, configuration({ command: 'no-such-plugin', interactiveMode: 'Never' }));
  const missing = await run('get', 'cm', '--kubeconfig', file);
  const first = `"Unhandled Error" err=<\n\tcouldn't get current server API group list: ${asked}getting credentials: exec: executable no-such-plugin not found\n\t\n\tIt looks like`;
  assert.equal(missing.stderr.split(first).length, 1 + 5, missing.stderr);
  assert.match(missing.stderr, /\n >\nUnable to connect to the server: getting credentials: exec: executable no-such-/);
});

test('auth can-i asks all the same where the server does not tell its kinds', async (context) => {
  const transport = { send: () => Promise.resolve(refused), close: () => Promise.resolve() };
  const { run } = commandRunner(context, { transport });
  const { exitCode, stdout, stderr } = await run('auth', 'can-i', 'get', 'pods');
  const credentials = 'the server has asked for the client to provide credentials';
  const lines = stderr.split('\n').map((line) => line.replace(/^E.* memcache\.go:265\] /, 'E '));
  assert.deepEqual(
    [exitCode, stdout, lines.slice(0, 4)],
    [
      1,
      '',
      [
        `E ${complaint(credentials)}`,
        `E ${complaint(credentials)}`,
        "Warning: the server doesn't have a resource type 'pods'",
        '',
      ],
    ],
  );
  assert.match(lines[4] ?? '', /^error: You must be logged in to the server \(/);
  const listed = await run('auth', 'can-i', '--list');
  assert.doesNotMatch(listed.stderr, /memcache/);
});

test('a server that knows no API at all is told of as such', async (context) => {
  const nothing = { status: 404, headers: { 'content-type': 'text/plain' }, body: Buffer.from('404 page not found\n') };
  const transport = { send: () => Promise.resolve(nothing), close: () => Promise.resolve() };
  const { run } = commandRunner(context, { transport });
  const { exitCode, stderr } = await run('get', 'pods', 'x');
  const reason = 'the server could not find the requested resource';
  assert.equal(exitCode, 1);
  assert.equal(stderr.split(complaint(reason)).length, 1 + 5, stderr);
  assert.match(stderr, new RegExp(`\\nError from server \\(NotFound\\): ${reason}\\n$`));
});
