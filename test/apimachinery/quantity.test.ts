import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalQuantity, parseQuantity, QuantityError } from '../../src/apimachinery/quantity.ts';

const canonical: Readonly<Record<string, string>> = {
  '0': '0',
  '0m': '0',
  '1000m': '1',
  '1500m': '1500m',
  '0.5': '500m',
  '1.5': '1500m',
  '1024': '1024',
  '1024Ki': '1Mi',
  '1.5Gi': '1536Mi',
  '0.5Mi': '512Ki',
  '0.1Gi': '107374182400m',
  '1e3': '1e3',
  '12e5': '1200e3',
  '1000k': '1M',
  '100n': '100n',
  '0.1n': '1n',
  '-5': '-5',
  '+5': '+5',
  '1.500': '1.500',
  '0005': '0005',
  '10Ei': '9223372036854775807',
  '1023': '1023',
  '1Ki': '1Ki',
  '500Mi': '500Mi',
  '1000Ki': '1000Ki',
  '1000000': '1M',
  '.5': '500m',
  '5.': '5.',
  '1E': '1E',
  '1E3': '1E3',
};

for (const [text, expected] of Object.entries(canonical)) {
  void test(`${text} is ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
}

const wrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
for (const [text, message] of [
  ['', wrong],
  ['abc', wrong],
  ['1Q', wrong],
  ['1 Gi', wrong],
  ['1i', "unable to parse quantity's suffix"],
  ['1KK', "unable to parse quantity's suffix"],
  ['1e', "unable to parse quantity's suffix"],
] as const) {
  void test(`${JSON.stringify(text)} is refused`, () =>
    assert.throws(() => parseQuantity(text), new QuantityError(message)));
}

void test('amounts are rounded up to the unit asked for', () => {
  assert.equal(parseQuantity('1500m').value(), 2n);
  assert.equal(parseQuantity('-1500m').value(), -2n);
  assert.equal(parseQuantity('1n').milliValue(), 1n);
  assert.equal(parseQuantity('1Gi').scaledValue(6), 1074n);
  assert.equal(parseQuantity('1Gi').asInt(), 1073741824n);
  assert.equal(parseQuantity('1m').asInt(), undefined);
});

void test('sums keep the format of the left one', () => {
  assert.equal(parseQuantity('1Gi').add(parseQuantity('1024Mi')).toString(), '2Gi');
  assert.equal(parseQuantity('0').add(parseQuantity('1Gi')).toString(), '1Gi');
  assert.equal(parseQuantity('100m').subtract(parseQuantity('1')).toString(), '-900m');
  assert.equal(parseQuantity('1').compare(parseQuantity('1000m')), 0);
});
