import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

void test('a new file has the mode that was asked for, one that is there keeps its own', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'config');
  await nodeFileSystem.writeFileAtomic(file, 'one', 0o640);
  assert.equal(statSync(file).mode & 0o777, 0o640);
  chmodSync(file, 0o664);
  await nodeFileSystem.writeFileAtomic(file, 'two', 0o600);
  assert.equal(statSync(file).mode & 0o777, 0o664);
  assert.equal(readFileSync(file, 'utf8'), 'two');
  assert.deepEqual(readdirSync(folder), ['config']);
});

const isRoot = process.getuid?.() === 0;

void test(
  'what root writes stays with its owner',
  { skip: isRoot ? false : 'only root can give files away' },
  async (t) => {
    const file = join(folderOf(t), 'config');
    writeFileSync(file, 'one');
    chownSync(file, 1234, 2345);
    await nodeFileSystem.writeFileAtomic(file, 'two');
    const { uid, gid } = statSync(file);
    assert.deepEqual([uid, gid], [1234, 2345]);
  },
);
