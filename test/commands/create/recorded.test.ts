import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '../../support/golden.ts';
import { commandRunner } from '../../support/run-command.ts';

interface Recorded {
  /** Files of the working folder, in base64. */
  readonly files: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly argv: readonly string[];
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  }[];
}

const recorded = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/commands/create/recorded.json'), 'utf8'),
) as Recorded;

void test('create from flags, without a server, answers as kubectl 1.36 does', async (context) => {
  const { home, run } = commandRunner(context);
  for (const [name, content] of Object.entries(recorded.files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true });
    writeFileSync(join(home, name), Buffer.from(content, 'base64'));
  }
  for (const { argv, ...expected } of recorded.cases) {
    await context.test(argv.join(' '), async () => assert.deepEqual(await run(...argv), expected));
  }
});
