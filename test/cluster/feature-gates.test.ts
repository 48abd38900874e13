import assert from 'node:assert/strict';
import test from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { featureGatesOf } from '../../src/cluster/feature-gates.ts';

const gatesOf = (text?: string) => featureGatesOf(new Map(text === undefined ? [] : [['feature-gates', text]]));

test('gates are closed until they are opened by name', () => {
  assert.deepEqual(gatesOf(), { Initializers: false });
  assert.deepEqual(gatesOf('Initializers=true'), { Initializers: true });
  assert.deepEqual(gatesOf('Initializers=true,Initializers=f'), { Initializers: false });
});

for (const [text, reason] of [
  ['Nope=true', 'unrecognized feature gate: Nope'],
  ['Initializers', 'missing bool value for Initializers'],
  ['Initializers=yes', 'invalid value of Initializers=yes, err: strconv.ParseBool: parsing "yes": invalid syntax'],
] as const) {
  test(`refused: ${reason}`, () => {
    assert.throws(
      () => gatesOf(text),
      (error) =>
        error instanceof ComponentArgumentError &&
        error.message === `invalid argument for "--feature-gates" flag: ${reason}`,
    );
  });
}
