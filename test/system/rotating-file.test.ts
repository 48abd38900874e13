import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { RotatingFile } from '../../src/system/rotating-file.ts';

test('a file that is full is set aside under its time, and those that are too many or too old go', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-rotation-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new FakeClock();
  const path = join(folder, 'inner', 'audit.log');
  const file = new RotatingFile(path, { maxBytes: 10, maxAgeDays: 2, maxBackups: 2 }, clock);
  file.append('12345\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const line of ['second\n', 'third\n', 'fourth\n']) {
    await clock.advance(1000);
    file.append(line);
  }
  assert.equal(readFileSync(path, 'utf8'), 'fourth\n');
  assert.deepEqual(readdirSync(join(folder, 'inner')), [
    'audit-2026-01-01T00-00-02.000.log',
    'audit-2026-01-01T00-00-03.000.log',
    'audit.log',
  ]);
  assert.throws(() => file.append('far too long\n'), { message: 'write length 13 exceeds maximum file size 10' });
  await clock.advance(3 * 24 * 60 * 60 * 1000);
  file.append('fifth\n');
  assert.deepEqual(readdirSync(join(folder, 'inner')), ['audit-2026-01-04T00-00-03.000.log', 'audit.log']);
  file.close();
  const again = new RotatingFile(path, { maxBytes: 0, maxAgeDays: 0, maxBackups: 0 }, clock);
  again.append('without a limit\n');
  again.close();
  assert.equal(readFileSync(path, 'utf8'), 'fifth\nwithout a limit\n');
});

test('files that were set aside are compressed where that is wanted, and go as others do', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-rotation-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const clock = new FakeClock();
  const path = join(folder, 'audit.log');
  const file = new RotatingFile(path, { maxBytes: 10, maxAgeDays: 0, maxBackups: 1, isCompressed: true }, clock);
  for (const line of ['first\n', 'second\n', 'third\n']) {
    file.append(line);
    await file.compressed;
    await clock.advance(1000);
  }
  file.close();
  assert.deepEqual(readdirSync(folder), ['audit-2026-01-01T00-00-02.000.log.gz', 'audit.log']);
  const compressed = join(folder, 'audit-2026-01-01T00-00-02.000.log.gz');
  assert.equal(gunzipSync(readFileSync(compressed)).toString('utf8'), 'second\n');
  assert.equal(statSync(compressed).mode & 0o777, 0o600);
});
