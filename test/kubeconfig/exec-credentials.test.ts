import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCredentialPlugin, type StandardInput } from '../../src/kubeconfig/exec-credentials.ts';

const v1beta1 = 'client.authentication.k8s.io/v1beta1';

function run(
  answer: string,
  more: { readonly interactiveMode?: string; readonly standardInput?: StandardInput } = {},
): ReturnType<typeof runCredentialPlugin> {
  const { interactiveMode = 'IfAvailable', standardInput = 'no-terminal' } = more;
  const exec = { apiVersion: v1beta1, command: 'printf', args: ['%s', answer], interactiveMode };
  return runCredentialPlugin(exec, { env: process.env, standardInput, cluster: undefined });
}

test('what a plugin prints becomes a credential; its kind may be left out', async () => {
  const full = `{"kind":"ExecCredential","apiVersion":"${v1beta1}","status":{"token":"t"}}`;
  assert.deepEqual(await run(full), { token: 't' });
  assert.deepEqual(await run(`{"apiVersion":"${v1beta1}","status":{"token":"t"}}`), { token: 't' });
  assert.deepEqual(await run(`apiVersion: ${v1beta1}\nstatus: {token: t}\n`), { token: 't' });
});

const struct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const unreadable = "decoding stdout: couldn't get version/kind; json parse error:";
const scheme = 'in scheme "pkg/client/auth/exec/exec.go:64"';
const other = `exec plugin is configured to use API version ${v1beta1}, plugin returned version client.authentication.k8s.io`;

/** Recorded from kubectl 1.36. */
const refused: readonly (readonly [answer: string, problem: string])[] = [
  ['', `${other}/__internal`],
  ['kind: ExecCredential', `${other}/__internal`],
  ['{"status":{"token":"t"}}', `${other}/__internal`],
  ['{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}', `${other}/v1`],
  [
    '{"kind":"X"}',
    `decoding stdout: no kind "X" is registered for the internal version of group "client.authentication.k8s.io" ${scheme}`,
  ],
  [
    '{"kind":"ExecCredential","apiVersion":"v9/x"}',
    `decoding stdout: no kind "ExecCredential" is registered for version "v9/x" ${scheme}`,
  ],
  ['[]', `${unreadable} json: cannot unmarshal array into Go value of type ${struct}`],
  ['some\ntext\n', `${unreadable} json: cannot unmarshal string into Go value of type ${struct}`],
  ['{"a":1} x', `${unreadable} invalid character 'x' after top-level value`],
  ['{"kind":5}', `${unreadable} json: cannot unmarshal number into Go struct field .kind of type string`],
];

for (const [answer, problem] of refused) {
  test(`a plugin that prints ${JSON.stringify(answer)} is refused`, async () => {
    await assert.rejects(run(answer), { message: `getting credentials: ${problem}` });
  });
}

test('a plugin that must ask somebody is not run where nobody can answer', async () => {
  const answer = `{"apiVersion":"${v1beta1}","status":{"token":"t"}}`;
  const about = 'getting credentials: exec plugin cannot support interactive mode: standard input is';
  await assert.rejects(run(answer, { interactiveMode: 'Always' }), { message: `${about} not a terminal` });
  await assert.rejects(run(answer, { interactiveMode: 'Always', standardInput: 'taken' }), {
    message: `${about} unavailable: used by stdin resource manifest reader`,
  });
  assert.deepEqual(await run(answer, { standardInput: 'taken' }), { token: 't' });
});
