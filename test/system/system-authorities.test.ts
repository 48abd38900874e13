import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemAuthorities } from '../../src/system/system-authorities.ts';

const pem = (content: string): string => `-----BEGIN CERTIFICATE-----\n${content}\n-----END CERTIFICATE-----`;

function machine(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'certs'));
  mkdirSync(join(folder, 'more'));
  writeFileSync(join(folder, 'bundle.crt'), `# one\n${pem('one')}\n# two\n${pem('two')}\n`);
  writeFileSync(join(folder, 'certs/two.pem'), pem('two'));
  writeFileSync(join(folder, 'certs/three.pem'), `${pem('three')}\n-----BEGIN PRIVATE KEY-----\nsecret\n`);
  symlinkSync('three.pem', join(folder, 'certs/5ad8a5d6.0'));
  symlinkSync(join(folder, 'bundle.crt'), join(folder, 'more/far.pem'));
  writeFileSync(join(folder, 'extra.crt'), pem('extra'));
  return folder;
}

void test('the authorities of a machine are those of its bundle and of its folders, each once', async (t) => {
  const folder = machine(t);
  const env = { SSL_CERT_FILE: join(folder, 'bundle.crt'), SSL_CERT_DIR: `${folder}/certs:${folder}/none` };
  assert.deepEqual((await systemAuthorities(env, 'linux')).toSorted(), [pem('one'), pem('three'), pem('two')]);
  const linked = { SSL_CERT_FILE: join(folder, 'missing'), SSL_CERT_DIR: `${folder}/more` };
  assert.deepEqual(await systemAuthorities(linked, 'linux'), [pem('one'), pem('two')]);
  const more = { ...linked, NODE_EXTRA_CA_CERTS: join(folder, 'extra.crt') };
  assert.deepEqual(await systemAuthorities(more, 'linux'), [pem('one'), pem('two'), pem('extra')]);
});

void test('where a machine has none, nothing is said', async (t) => {
  const folder = machine(t);
  const env = { SSL_CERT_FILE: join(folder, 'missing'), SSL_CERT_DIR: join(folder, 'missing') };
  assert.deepEqual(await systemAuthorities({ ...env, NODE_EXTRA_CA_CERTS: join(folder, 'extra.crt') }, 'linux'), []);
});
