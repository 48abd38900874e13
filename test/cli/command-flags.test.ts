import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { CommandDefinition, FlagDefinition } from '../../src/cli/command.ts';
import { parseFlags } from '../../src/cli/flag-parser.ts';
import { globalFlags } from '../../src/cli/global-flags.ts';
import { commandTable } from '../../src/commands/index.ts';
import { goldenJson, repositoryRoot } from '../support/golden.ts';
import { commandRunner } from '../support/run-command.ts';

interface GoldenFlag {
  readonly default: string;
  readonly short?: string;
}

interface GoldenCommand {
  readonly flags: Readonly<Record<string, GoldenFlag>>;
  readonly aliases?: readonly string[];
}

/** Commands that only this program has, and those that the real one tells nothing of. */
const ownCommands = /^(cluster( |$)|alpha$|__complete|credential-helper$)/;
/** Flags that only this program has. */
const ownFlags: Readonly<Record<string, readonly string[]>> = { 'config set-credentials': ['keychain'] };

async function definitions(): Promise<readonly CommandDefinition[]> {
  const loaded = await Promise.all(commandTable.map(async ({ load }) => load?.()));
  return loaded.filter((definition) => definition !== undefined);
}

function shown(flags: readonly FlagDefinition[]): Record<string, GoldenFlag> {
  const visible = flags.filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined);
  return Object.fromEntries(
    visible
      .map(({ name, shorthand, default: text }): [string, GoldenFlag] => [
        name,
        { default: text, ...(shorthand === undefined ? {} : { short: shorthand }) },
      ])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function expected(flags: Readonly<Record<string, GoldenFlag>>): Record<string, GoldenFlag> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { default: text, short }]) => [
      name,
      { default: text, ...(short === undefined ? {} : { short }) },
    ]),
  );
}

void test('every command has the flags of the real one, with their short forms and defaults', async (context) => {
  const golden = goldenJson(context, 'kubectl-flags.json') as Record<string, GoldenCommand> | undefined;
  if (golden === undefined) return;
  let compared = 0;
  for (const definition of await definitions()) {
    const path = definition.path.join(' ');
    const real = golden[`kubectl ${path}`];
    if (real === undefined && ownCommands.test(path)) continue;
    assert.ok(real !== undefined, `the real program has no command ${path}`);
    if (path === 'options') continue;
    const own = ownFlags[path] ?? [];
    for (const name of own)
      assert.ok(
        definition.flags.some((flag) => flag.name === name),
        `${path} has no --${name}`,
      );
    const flags = definition.flags.filter(({ name }) => !own.includes(name));
    await context.test(path, () => assert.deepEqual(shown(flags), expected(real.flags)));
    compared++;
  }
  assert.ok(compared > 15, `only ${compared} commands were compared`);
  const globals = expected(golden['kubectl options']?.flags ?? {});
  assert.deepEqual(shown(globalFlags('$HOME')), globals);
});

void test('the table and the definitions agree, and every help renders', async (context) => {
  const { run } = commandRunner(context);
  for (const entry of commandTable) {
    const path = entry.path.join(' ');
    const definition = await entry.load?.();
    if (definition !== undefined) {
      assert.deepEqual(definition.path, entry.path, path);
      assert.equal(definition.short, entry.short, path);
      assert.deepEqual(definition.aliases ?? [], entry.aliases ?? [], path);
      // Defaults must be readable as values of their types.
      parseFlags([...definition.flags, ...globalFlags('/home')], []);
    }
    // The list of global flags has no help of its own.
    if (definition?.rawArguments === true || path === 'options') continue;
    const help = await run(...entry.path, '--help');
    assert.equal(help.exitCode, 0, path);
    assert.equal(help.stderr, '', path);
    assert.match(help.stdout, new RegExp(`\\nUsage:\\n  kubectl ${path}( |\\n)`), path);
    for (const flag of definition?.flags ?? []) {
      if (flag.hidden === true || flag.deprecated !== undefined) continue;
      assert.ok(help.stdout.includes(`--${flag.name}=`), `${path} --help leaves out --${flag.name}`);
    }
  }
});

void test('a command stands in the file of its name, or beside its siblings', () => {
  for (const { path, load } of commandTable) {
    if (load === undefined) continue;
    const folder = join(repositoryRoot, 'src/commands', ...path.slice(0, -1));
    assert.ok(existsSync(folder), `${path.join(' ')} has no folder`);
    // What only scripts call begins with underscores, and has one file for all its forms.
    const [name = ''] = path;
    const file = name.startsWith('__complete') ? 'complete' : name;
    if (path.length === 1) assert.ok(existsSync(join(folder, `${file}.ts`)), `${path.join(' ')} has no file`);
  }
});
