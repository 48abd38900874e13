import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { commandRunner } from '../../support/run-command.ts';

void test('config writes what it is told, sorted, for the owner alone', async (context) => {
  const { home, run } = commandRunner(context);
  const steps: readonly (readonly [string, string])[] = [
    ['config set-cluster two --server=https://b:1', 'Cluster "two" set.\n'],
    ['config set-cluster one --server=https://a:1 --insecure-skip-tls-verify', 'Cluster "one" set.\n'],
    ['config set-credentials me --token=abc', 'User "me" set.\n'],
    ['config set-context here --cluster=one --user=me -n place', 'Context "here" created.\n'],
    ['config set-context here --user=me', 'Context "here" modified.\n'],
    ['config use here', 'Switched to context "here".\n'],
    ['config current-context', 'here\n'],
    [
      'config get-contexts',
      'CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE\n*         here   one       me         place\n',
    ],
    ['config get-clusters', 'NAME\none\ntwo\n'],
    ['config rename-context here there', 'Context "here" renamed to "there".\n'],
    ['config set users.me.password secret', 'Property "users.me.password" set.\n'],
    ['config unset users.me.token', 'Property "users.me.token" unset.\n'],
    ['config delete-cluster two', `deleted cluster two from ${home}/.kube/config\n`],
  ];
  for (const [line, stdout] of steps) {
    assert.deepEqual(await run(...line.split(' ')), { exitCode: 0, stdout, stderr: '' }, line);
  }
  const file = join(home, '.kube', 'config');
  assert.equal(
    readFileSync(file, 'utf8'),
    `apiVersion: v1
clusters:
- cluster:
    insecure-skip-tls-verify: true
    server: https://a:1
  name: one
contexts:
- context:
    cluster: one
    namespace: place
    user: me
  name: there
current-context: there
kind: Config
users:
- name: me
  user:
    password: secret
`,
  );
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const view = await run('config', 'view', '-o', 'jsonpath={.users[0].user.password} {.current-context}');
  assert.equal(view.stdout, 'REDACTED there');
});

void test('wrong command lines say what the real program says', async (context) => {
  const { run } = commandRunner(context);
  const cases: readonly (readonly [string, string])[] = [
    ['config vie', 'error: unknown command "vie"\nSee \'kubectl config -h\' for help and examples\n'],
    ['config view --nope', "error: unknown flag: --nope\nSee 'kubectl config view --help' for usage.\n"],
    ['config view -o', "error: flag needs an argument: 'o' in -o\nSee 'kubectl config view --help' for usage.\n"],
    ['config view extra', "error: unexpected arguments: [extra]\nSee 'kubectl config view -h' for help and examples\n"],
    [
      '-v=x version',
      'error: invalid argument "x" for "-v, --v" flag: strconv.ParseInt: parsing "x": invalid syntax\nSee \'kubectl version --help\' for usage.\n',
    ],
    [
      'version --client=maybe',
      'error: invalid argument "maybe" for "--client" flag: strconv.ParseBool: parsing "maybe": invalid syntax\nSee \'kubectl version --help\' for usage.\n',
    ],
    ['version -- --client', 'error: extra arguments: [--client]\n'],
    ['config get-contexts a b', 'context a not found\ncontext b not found\n'],
    ['config use-context nope', 'error: no context exists with the name: "nope"\n'],
    ['config current-context', 'error: current-context is not set\n'],
    ['--context nope version', 'error: context "nope" does not exist\n'],
    [
      '--server=http://127.0.0.1:1 version',
      'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n',
    ],
  ];
  for (const [line, stderr] of cases) {
    const outcome = await run(...line.split(' '));
    assert.deepEqual([outcome.exitCode, outcome.stderr], [1, stderr], line);
  }
});
