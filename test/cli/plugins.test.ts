import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { ProgramWorld } from '../../src/cli/program.ts';
import { commandRunner } from '../support/run-command.ts';

/** Runs command lines with plugins on the PATH, noting which would be run. */
function pluginWorld(context: TestContext, names: readonly string[]) {
  const calls: string[][] = [];
  const env: Record<string, string> = {};
  const world: Partial<ProgramWorld> = {
    env,
    runInPlace: (path, args) => {
      calls.push([path, ...args]);
      return Promise.resolve(7);
    },
  };
  const { home, run } = commandRunner(context, world);
  const folder = join(home, 'bin');
  mkdirSync(folder);
  for (const name of names) {
    writeFileSync(join(folder, name), '#!/bin/sh\n');
    chmodSync(join(folder, name), name.endsWith('-dead') ? 0o644 : 0o755);
  }
  Object.assign(env, { HOME: home, PATH: `${join(home, 'none')}:${folder}:${folder}` });
  return { calls, folder, home, run };
}

void test('words name the plugin with the longest name', async (context) => {
  const { calls, folder, run } = pluginWorld(context, [
    'kubectl-foo',
    'kubectl-foo-bar_baz',
    'kubectl-get',
    'kubectl-dead',
  ]);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['foo', ['kubectl-foo']],
    ['foo a -b c', ['kubectl-foo', 'a', '-b', 'c']],
    ['foo bar-baz x --y', ['kubectl-foo-bar_baz', 'x', '--y']],
    ['foo bar', ['kubectl-foo', 'bar']],
    ['foo --help', ['kubectl-foo', '--help']],
  ];
  for (const [line, [name = '', ...args]] of cases) {
    calls.length = 0;
    assert.deepEqual(await run(...line.split(' ')), { exitCode: 7, stdout: '', stderr: '' }, line);
    assert.deepEqual(calls, [[join(folder, name), ...args]], line);
  }
});

void test('what is no plugin is an unknown command, and a command goes before a plugin', async (context) => {
  const { calls, run } = pluginWorld(context, ['kubectl-foo', 'kubectl-options', 'kubectl-q-dead']);
  assert.deepEqual(await run('-n', 'x', 'foo'), {
    exitCode: 1,
    stdout: '',
    stderr: 'Error: flags cannot be placed before plugin name: -n\n',
  });
  assert.equal(
    (await run('q', 'dead')).stderr,
    'error: unknown command "q" for "kubectl"\n\nDid you mean this?\n\tcp\n',
  );
  assert.equal((await run('../bin/kubectl-foo')).exitCode, 1);
  assert.equal((await run('options')).exitCode, 0);
  assert.deepEqual(calls, []);
});

void test('words of other programs are answered with what kubectl calls it', async (context) => {
  const { run } = pluginWorld(context, []);
  const cases: readonly (readonly [typed: string, meant: string])[] = [
    ['list', '\tget\n'],
    ['LS', '\tget\n\tlogs\n\tcp\n'],
    ['inspect', '\tdescribe\n'],
    ['rm', '\trun\n\tdelete\n\tcp\n'],
    ['remove', '\tdelete\n'],
    ['stats', '\ttop\n'],
  ];
  for (const [typed, meant] of cases) {
    const expected = `error: unknown command "${typed}" for "kubectl"\n\nDid you mean this?\n${meant}`;
    assert.equal((await run(typed)).stderr, expected, typed);
  }
});

void test('plugin list warns of plugins that are never called', async (context) => {
  const { folder, home, run } = pluginWorld(context, ['kubectl-foo', 'kubectl-options', 'kubectl-q-dead', 'other']);
  assert.deepEqual(await run('plugin', 'list', '--name-only'), {
    exitCode: 1,
    stdout: 'The following compatible plugins are available:\n\nkubectl-foo\nkubectl-options\nkubectl-q-dead\n',
    stderr: `Unable to read directory "${home}/none" from your PATH: open ${home}/none: no such file or directory. Skipping...
  - warning: kubectl-options overwrites existing command: "kubectl options"
  - warning: ${folder}/kubectl-q-dead identified as a kubectl plugin, but it is not executable
error: 2 plugin warnings were found
`,
  });
});
