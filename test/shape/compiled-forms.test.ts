import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../support/golden.ts';

/** Runs the built program and prints, for each file it loads, whether V8 took the compiled form beside it. */
const recorded = `
const { hooks } = require('./bin/load-compiled.js');
hooks.onLoaded = (file, script) => console.error(JSON.stringify({ file, isRejected: script.cachedDataRejected }));
process.argv = [process.execPath, 'kubectl', 'apply', '-f', 'examples/guestbook', '--dry-run=client'];
require('./bin/kubectl-ts.js');
`;

void test('every file of a command runs from its compiled form', (context) => {
  const home = mkdtempSync(join(tmpdir(), 'kubectl-ts-compiled-'));
  context.after(() => rmSync(home, { recursive: true, force: true }));
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', recorded], {
    cwd: repositoryRoot,
    env: { HOME: home, KUBECONFIG: join(home, 'config') },
    encoding: 'utf8',
  });
  assert.match(stdout, /deployment\.apps\/frontend created \(dry run\)/);
  const lines = stderr.trimEnd().split('\n');
  // V8 would tell of flags that this version of Node does not know.
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('{')),
    [],
  );
  const loaded = lines.map((line) => JSON.parse(line) as { readonly file: string; readonly isRejected?: boolean });
  assert.ok(loaded.length > 5, stderr);
  assert.deepEqual(
    loaded.filter(({ isRejected }) => isRejected !== false),
    [],
  );
});
