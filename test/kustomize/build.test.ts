import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { realKubectl } from '../support/real-kubectl.ts';
import { commandRunner } from '../support/run-command.ts';
import { type KustomizeCase, kustomizeCases } from './case-file.ts';

const cases = kustomizeCases();

function writeFiles(files: ReadonlyMap<string, string>, folder: string): void {
  for (const [name, text] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** What a build printed, with its folder as `$ROOT`. */
function shown(outcome: { readonly stdout: string; readonly stderr: string }, folder: string): object {
  const root = realpathSync(folder);
  return {
    stdout: outcome.stdout.replaceAll(root, '$ROOT'),
    stderr: outcome.stderr.replaceAll(root, '$ROOT'),
  };
}

function expected({ stdout, stderr }: KustomizeCase): object {
  return { stdout, stderr };
}

for (const entry of cases) {
  test(`kustomize builds ${entry.name} as the real one does`, async (context) => {
    const { home, run } = commandRunner(context);
    writeFiles(entry.files, home);
    const outcome = await run('kustomize', ...entry.args);
    assert.deepEqual(shown(outcome, home), expected(entry));
    assert.equal(outcome.exitCode, entry.stderr.includes('error: ') ? 1 : 0);
  });
}

test('the real kubectl still builds all cases so', (context) => {
  const kubectl = realKubectl(context);
  if (kubectl === undefined) return;
  for (const entry of cases) {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-kustomize-'));
    try {
      writeFiles(entry.files, folder);
      const ran: SpawnSyncReturns<string> = spawnSync(kubectl, ['kustomize', ...entry.args], {
        cwd: folder,
        encoding: 'utf8',
      });
      assert.deepEqual(shown(ran, folder), expected(entry), entry.name);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
});
