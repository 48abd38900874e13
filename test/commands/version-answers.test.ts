import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRunner } from '../support/run-command.ts';

const unparsable = 'error: unable to parse the server version: json: cannot unmarshal';

// What kubectl 1.36 said of them.
const cases: readonly (readonly [body: string, exitCode: number, stderr: string, shown?: string])[] = [
  ['{"a":1}', 1, 'error: server version error: could not parse "" as version\n', ''],
  ['null', 1, 'error: server version error: could not parse "" as version\n', ''],
  ['{"gitVersion":"garbage"}', 1, 'error: server version error: could not parse "garbage" as version\n', 'garbage'],
  ['[1]', 1, `${unparsable} array into Go value of type version.Info\n`],
  ['{"major":1}', 1, `${unparsable} number into Go struct field Info.major of type string\n`],
  [
    '{"gitVersion":"v1.20.1"}',
    0,
    'Warning: version difference between client (1.36) and server (1.20) exceeds the supported minor version skew of +/-1\n',
    'v1.20.1',
  ],
];

void test('a server that tells no version, or an old one', async (context) => {
  for (const [body, exitCode, stderr, shown] of cases) {
    const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
    const { run } = commandRunner(context, {
      transport: { send: () => Promise.resolve(answer), close: () => Promise.resolve() },
    });
    const outcome = await run('version', '-s', 'http://server.invalid');
    assert.deepEqual([outcome.exitCode, outcome.stderr], [exitCode, stderr], body);
    const line = shown === undefined ? '' : `Server Version: ${shown}\n`;
    assert.equal(outcome.stdout.replace(/^Client.*\nKustomize.*\n/, ''), line, body);
  }
});

void test('a version is told with all its fields as JSON', async (context) => {
  const answer = {
    status: 200,
    headers: {},
    body: Buffer.from('{"major":"1","minor":"36","gitVersion":"v1.36.2","a":1}'),
  };
  const { run } = commandRunner(context, {
    transport: { send: () => Promise.resolve(answer), close: () => Promise.resolve() },
  });
  const { stdout } = await run('version', '-s', 'http://server.invalid', '-o', 'json');
  assert.deepEqual((JSON.parse(stdout) as { serverVersion: unknown }).serverVersion, {
    major: '1',
    minor: '36',
    gitVersion: 'v1.36.2',
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: '',
    platform: '',
  });
});
