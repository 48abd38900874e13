import assert from 'node:assert/strict';
import test from 'node:test';
import { valueWithout } from '../../src/cli/flag-parser.ts';
import { firstWord } from '../../src/cli/first-word.ts';
import { commandTable } from '../../src/commands/index.ts';

test('commands that have others below them name their flags without values, which stand before names of files', async () => {
  for (const { path, switches = [], load } of commandTable) {
    const isParent = commandTable.some(
      (other) => other.path.length > path.length && path.every((word, at) => word === other.path[at]),
    );
    const definition = isParent ? await load?.() : undefined;
    const own = (definition?.flags ?? []).filter((flag) => valueWithout(flag) !== undefined);
    const names = own.flatMap(({ name, shorthand }) => (shorthand === undefined ? [name] : [name, shorthand]));
    assert.deepEqual(switches.toSorted(), names.toSorted(), path.join(' '));
  }
});

test('a flag without a value leaves the next word alone', () => {
  const switches = ['recursive', 'R'];
  assert.equal(firstWord(['-R', '-f', 'service'], [], switches), -1);
  assert.equal(firstWord(['--recursive', '-f', 'service'], [], switches), -1);
  assert.equal(firstWord(['-R', 'service'], [], switches), 1);
  // As in cobra, letters that stand together are not taken apart.
  assert.equal(firstWord(['-Rf', 'service'], [], switches), 1);
});
