import assert from 'node:assert/strict';
import test from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { featureGatesOf } from '../../src/cluster/feature-gates.ts';

const gatesOf = (text?: string) => featureGatesOf(new Map(text === undefined ? [] : [['feature-gates', text]]));

test('gates are as in 1.36 until they are named', () => {
  const asReleased = { AggregatedDiscoveryRemoveBetaType: true, Initializers: false };
  assert.deepEqual(gatesOf(), asReleased);
  assert.deepEqual(gatesOf('Initializers=true'), { ...asReleased, Initializers: true });
  assert.deepEqual(gatesOf('Initializers=true,Initializers=f'), asReleased);
  assert.deepEqual(gatesOf('AggregatedDiscoveryRemoveBetaType=false'), {
    ...asReleased,
    AggregatedDiscoveryRemoveBetaType: false,
  });
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
