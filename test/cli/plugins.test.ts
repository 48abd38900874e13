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
    runForOutput: (path, args) => {
      calls.push([path, ...args]);
      return Promise.resolve('alpha\tabout it\nbeta\n:4\n');
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

const debug = '[Debug] Cleared global flags for plugin completion\n[Debug] About to look for: kubectl_complete-';

void test('plugins are offered by completion, and complete their own arguments', async (context) => {
  const names = ['kubectl-foo', 'kubectl-foo-bar_baz', 'kubectl-create-zed', 'kubectl_complete-foo'];
  const { calls, folder, run } = pluginWorld(context, names);
  const about = (name: string): string => `${name}\tThe command ${name} is a plugin installed by the user\n`;
  const noFiles = 'Completion ended with directive: ShellCompDirectiveNoFileComp\n';
  assert.deepEqual(await run('__complete', 'fo'), { exitCode: 0, stdout: `${about('foo')}:4\n`, stderr: noFiles });
  assert.deepEqual(await run('__complete', 'create', 'z'), { exitCode: 0, stdout: ':4\n', stderr: noFiles });
  assert.deepEqual(calls, []);
  const program = join(folder, 'kubectl_complete-foo');
  assert.deepEqual(await run('__complete', 'foo', ''), {
    exitCode: 0,
    stdout: `${about('bar-baz')}alpha\tabout it\nbeta\n:4\n`,
    stderr: `${debug}foo\n[Debug] About to call: ${program} \n${noFiles}`,
  });
  assert.deepEqual(await run('__completeNoDesc', 'foo', '--x', 'y'), {
    exitCode: 0,
    stdout: 'alpha\nbeta\n:4\n',
    stderr: `${debug}foo\n[Debug] About to call: ${program} --x y\n${noFiles}`,
  });
  assert.deepEqual(calls, [
    [program, ''],
    [program, '--x', 'y'],
  ]);
  assert.deepEqual(await run('__complete', 'foo', 'bar-baz', ''), {
    exitCode: 0,
    stdout: ':0\n',
    stderr: `${debug}foo-bar_baz\n[Debug] Plugin kubectl-foo-bar_baz does not provide a matching completion executable\nCompletion ended with directive: ShellCompDirectiveDefault\n`,
  });
});

void test('the help lists plugins, under a heading that stands there without any too', async (context) => {
  const heading = 'Subcommands provided by plugins:\n';
  const line = '  foo           The command foo is a plugin installed by the user\n';
  const { run } = pluginWorld(context, ['kubectl-foo', 'kubectl-foo-bar']);
  assert.ok((await run('--help')).stdout.includes(`${heading}${line}${line}\nOther Commands:\n`));
  assert.ok((await pluginWorld(context, []).run('--help')).stdout.includes(`${heading}\nOther Commands:\n`));
});
