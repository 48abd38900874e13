import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseCandidate } from '../../../../src/api/coordination/v1beta1/lease-candidate.ts';
import { formatFieldError } from '../../../../src/apimachinery/field-error.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';

const { strategy = {} } = leaseCandidate.definition;
const context = { now: 0, subresource: '', user: { username: '', uid: '', groups: [] } };
const good = {
  leaseName: 'l',
  binaryVersion: '1.36.0',
  emulationVersion: '1.35.0',
  strategy: 'OldestEmulationVersion',
};

function candidate(spec: object): Unstructured {
  const metadata = { name: 'a', namespace: 'default' };
  return { apiVersion: 'coordination.k8s.io/v1beta1', kind: 'LeaseCandidate', metadata, spec };
}

const qualified = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with";

/** What a real 1.36.2 says of them. */
const cases: readonly (readonly [spec: object, problems: readonly (string | RegExp)[]])[] = [
  [good, []],
  [{}, ['spec.leaseName: Required value', 'spec.binaryVersion: Required value', 'spec.strategy: Required value']],
  [
    { ...good, binaryVersion: '1.36' },
    [
      'spec.binaryVersion: Invalid value: "1.36": must be a valid semantic version',
      'spec.binaryVersion: Invalid value: "1.36": must be greater than or equal to `emulationVersion`',
    ],
  ],
  [
    { ...good, emulationVersion: 'x' },
    [
      'spec.emulationVersion: Invalid value: "x": must be a valid semantic version',
      "spec.emulationVersion: Required value: must be specified when `strategy` is 'OldestEmulationVersion'",
    ],
  ],
  [
    { ...good, emulationVersion: '1.37.0' },
    ['spec.binaryVersion: Invalid value: "1.36.0": must be greater than or equal to `emulationVersion`'],
  ],
  [
    { ...good, strategy: 'Nope' },
    ['spec.strategy.strategy: Unsupported value: "Nope": supported values: "OldestEmulationVersion"'],
  ],
  [{ leaseName: 'l', binaryVersion: '1.36.0', strategy: 'a.b/C' }, []],
  [
    { ...good, strategy: 'a.b/' },
    [
      'spec.strategy.strategy: Invalid value: "a.b/": name part must be non-empty',
      new RegExp(`^spec.strategy.strategy: Invalid value: "a.b/": ${qualified}`),
    ],
  ],
];

for (const [spec, problems] of cases) {
  test(`a candidate of ${JSON.stringify(spec)}`, () => {
    const errors = strategy.validateCreate?.(candidate(spec), context) ?? [];
    assert.equal(errors.length, problems.length, errors.map(formatFieldError).join('\n'));
    for (const [index, problem] of problems.entries()) {
      const [text] = errors.slice(index, index + 1).map(formatFieldError);
      if (typeof problem === 'string') assert.equal(text, problem);
      else assert.match(text ?? '', problem);
    }
  });
}

test('the lease stays the same', () => {
  const errors = strategy.validateUpdate?.(candidate({ ...good, leaseName: 'm' }), candidate(good), context) ?? [];
  assert.deepEqual(errors.map(formatFieldError), ['spec.leaseName: Invalid value: "m": field is immutable']);
});
