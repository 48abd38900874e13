import assert from 'node:assert/strict';
import test from 'node:test';
import { createRuleValidator } from '../../../src/api/apiextensions/schema/rule-validation.ts';
import { validateEmbeddedResources, validateListTypes } from '../../../src/api/apiextensions/schema/resource-checks.ts';
import { validateValue } from '../../../src/api/apiextensions/schema/value-validation.ts';
import { FieldPath, formatFieldError } from '../../../src/apimachinery/field-error.ts';
import type { JsonObject, JsonValue } from '../../../src/apimachinery/json.ts';
import { stringifyJson } from '../../../src/apimachinery/json-codec.ts';

const root = new FieldPath();

function check(value: JsonValue, schema: JsonObject, old?: JsonValue): string[] {
  const whole = { type: 'object', properties: { a: schema } };
  return validateValue({ a: value }, whole, root, old === undefined ? undefined : { a: old }).map(formatFieldError);
}

test('values are checked with the words of the real server', () => {
  const cases: readonly (readonly [JsonValue, JsonObject, ...string[]])[] = [
    [1, { type: 'integer', maximum: 10 }],
    [11, { type: 'integer', maximum: 10 }, 'a: Invalid value: 11: a in body should be less than or equal to 10'],
    [
      1.5,
      { type: 'integer' },
      'a: Invalid value: "number": a in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
    ],
    [
      1.5,
      { type: 'integer', format: 'int32' },
      'a: Invalid value: "float64": a in body must be of type int32: "float64"',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a',
    ],
    [
      2 ** 63,
      { type: 'integer', format: 'int64' },
      'a: Invalid value: "float64": a in body must be of type int64: "float64"',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int64 in a',
    ],
    [2n ** 63n - 1n, { type: 'integer', format: 'int64' }],
    [
      1e39,
      { type: 'number', format: 'float', multipleOf: 0.5 },
      '<nil>: Invalid value: "": Checked value must be of type number with format float in a',
      'a: Invalid value: 1e+39: a in body should be a multiple of 0.5',
    ],
    ['01.2.3.4', { type: 'string', format: 'ipv4' }],
    ['::ffff:1.2.3.4', { type: 'string', format: 'ipv4' }],
    ['010.0.0.0/8', { type: 'string', format: 'cidr' }],
    ['"x y"@b.c', { type: 'string', format: 'email' }],
    [{}, { type: 'integer', format: 'int32' }, 'a: Invalid value: "": a in body must be of type int32: ""'],
    [
      'x',
      { type: 'integer', format: 'int32' },
      'a: Invalid value: "string": a in body must be of type integer: "string"',
    ],
    [3, { type: 'string', format: 'date' }, 'a: Invalid value: "int64": a in body must be of type date: "int64"'],
    [null, { type: 'string' }, 'a: Invalid value: "null": a in body must be of type string: "null"'],
    [null, { type: 'string', nullable: true }],
    [
      'green',
      { type: 'string', enum: ['red', 'blue'] },
      'a: Unsupported value: "green": supported values: "red", "blue"',
    ],
    ['toolong', { type: 'string', maxLength: 5 }, 'a: Too long: may not be more than 5 bytes'],
    ['x', { type: 'string', minLength: 2 }, 'a: Invalid value: "x": a in body should be at least 2 chars long'],
    ['X', { type: 'string', pattern: '^[a-z]+$' }, 'a: Invalid value: "X": a in body should match \'^[a-z]+$\''],
    ['x', { type: 'string', format: 'date-time' }, 'a: Invalid value: "x": a in body must be of type date-time: "x"'],
    [
      '300.1.1.1',
      { type: 'string', format: 'ipv4' },
      'a: Invalid value: "300.1.1.1": a in body must be of type ipv4: "300.1.1.1"',
    ],
    [
      0,
      { type: 'number', minimum: 0, exclusiveMinimum: true, multipleOf: 0.5 },
      'a: Invalid value: 0: factor MultipleOf declared for a must be positive: 0',
      'a: Invalid value: 0: a in body should be greater than 0',
    ],
    // Bounds that are none of the type are told of, and hold as they are.
    [
      1,
      { type: 'integer', minimum: 1.5 },
      '<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in a',
      'a: Invalid value: 1: a in body should be greater than or equal to 1.5',
    ],
    [
      5,
      { type: 'integer', format: 'int64', maximum: 2 ** 63 },
      '<nil>: Invalid value: "": Maximum boundary value must be of type integer with format int64 in a',
    ],
    [
      4,
      { type: 'integer', multipleOf: 1.5 },
      '<nil>: Invalid value: "": MultipleOf value must be of type integer (default format) in a',
      'a: Invalid value: 4: a in body should be a multiple of 1.5',
    ],
    [0.7, { type: 'number', multipleOf: 0.5 }, 'a: Invalid value: 0.7: a in body should be a multiple of 0.5'],
    [
      true,
      { 'x-kubernetes-int-or-string': true },
      'a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"',
    ],
    [{ x: 1, y: 2, z: 3 }, { type: 'object', maxProperties: 2 }, 'a: Too many: 3: must have at most 2 items'],
    [
      [1, 2],
      { type: 'array', items: { type: 'integer' }, maxItems: 1 },
      'a: Too many: 2: must have at most 1 items'.replace('items', 'item'),
    ],
    [{}, { type: 'object', required: ['b'] }, 'a.b: Required value'],
    [
      { b: 'x' },
      { type: 'object', additionalProperties: { type: 'integer' } },
      'a.b: Invalid value: "string": a.b in body must be of type integer: "string"',
    ],
    [
      { b: 'x', c: 'y' },
      { type: 'object', oneOf: [{ required: ['b'] }, { required: ['c'] }] },
      '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ],
    ['x', { type: 'string', not: { enum: ['x'] } }, '<nil>: Invalid value: "": "a" must not validate the schema (not)'],
    [
      {},
      { type: 'object', anyOf: [{ required: ['b'] }] },
      '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
      'a.b: Required value',
    ],
  ];
  for (const [value, schema, ...expected] of cases) {
    assert.deepEqual(check(value, schema), expected, stringifyJson([value, schema]));
  }
});

test('what an update leaves as it is is not complained about (KEP-4008)', () => {
  const schema = {
    type: 'object',
    properties: {
      size: { type: 'integer', maximum: 10 },
      list: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' }, n: { type: 'integer', maximum: 1 } } },
      },
    },
  };
  const old = { size: 11, list: [{ k: 'x', n: 5 }] };
  assert.deepEqual(check({ ...old, other: 1 }, schema, old), []);
  assert.deepEqual(
    check(
      {
        size: 12,
        list: [
          { k: 'new', n: 5 },
          { k: 'x', n: 5 },
        ],
      },
      schema,
      old,
    ),
    [
      'a.size: Invalid value: 12: a.size in body should be less than or equal to 10',
      'a.list[0].n: Invalid value: 5: a.list[0].n in body should be less than or equal to 1',
    ],
  );
});

test('sets and maps hold nothing twice', () => {
  const set = { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' };
  const path = new FieldPath('x');
  assert.deepEqual(validateListTypes(['a', 'b', 'a', 'a'], set, path).map(formatFieldError), [
    'x[2]: Duplicate value: "a"',
  ]);
  const map = {
    type: 'array',
    items: { type: 'object' },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['p', 'q'],
  };
  const items = [{ p: 1, q: 'T' }, { p: 1, q: 'T', v: 2 }, { p: 1 }];
  assert.deepEqual(validateListTypes(items, map, path).map(formatFieldError), [
    'x[1]: Duplicate value: {"p":1,"q":"T"}',
  ]);
});

test('embedded resources have what every resource has', () => {
  const schema = { type: 'object', 'x-kubernetes-embedded-resource': true };
  const found = validateEmbeddedResources(
    { kind: 'bad kind', metadata: { name: 'a/b' } },
    schema,
    new FieldPath('emb'),
  );
  assert.deepEqual(
    found.map(({ field }) => field),
    ['emb.apiVersion', 'emb.kind', 'emb.metadata.name'],
  );
});

function runRules(schema: JsonObject, value: JsonValue, old?: JsonValue, warnings: string[] = []): string[] {
  const validator = createRuleValidator(schema, true);
  assert.ok(validator !== undefined);
  return validator.validate(root, value, old, (text) => warnings.push(text)).map(formatFieldError);
}

const spec = {
  type: 'object',
  'x-kubernetes-validations': [
    { rule: 'self.min <= self.max', message: 'min must not exceed max' },
    { rule: '!has(oldSelf.lock) || has(self.lock)', message: 'lock cannot be removed' },
  ],
  properties: {
    min: { type: 'integer' },
    max: { type: 'integer' },
    lock: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }] },
    list: {
      type: 'array',
      items: { type: 'string' },
      'x-kubernetes-validations': [{ rule: 'self.all(x, x.startsWith("a"))' }],
    },
  },
};
const resource = { type: 'object', properties: { spec } };

test('rules about items of what is no list cannot be compiled: what stayed from before is refused', () => {
  const items = { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.n < 10' }] };
  const schema = { type: 'object', properties: { a: { type: 'object', items } } };
  assert.deepEqual(runRules(schema, { a: [{ n: 1 }] }, { a: [{ n: 1 }] }), [
    'a[0]: Invalid value: "object": rule compiler initialization error: failed to convert to declType for CEL validation rules',
  ]);
  assert.deepEqual(runRules(schema, { a: {} }), []);
});

test('rules are run as the real server does', () => {
  assert.deepEqual(runRules(resource, { spec: { min: 60, max: 50 } }), [
    'spec: Invalid value: min must not exceed max',
  ]);
  assert.deepEqual(runRules(resource, { spec: { min: 1, max: 2, list: ['b'] } }), [
    'spec.list: Invalid value: failed rule: self.all(x, x.startsWith("a"))',
  ]);
  assert.deepEqual(runRules(resource, { spec: {} }), [
    'spec: Invalid value: "object": no such key: min evaluating rule: min must not exceed max',
  ]);
  const old = { spec: { min: 1, max: 2, lock: 'x' } };
  assert.deepEqual(runRules(resource, { spec: { min: 1, max: 2, lock: 'y' } }, old), [
    'spec.lock: Invalid value: "y": immutable',
  ]);
  assert.deepEqual(runRules(resource, { spec: { min: 1, max: 2 } }, old), [
    'spec: Invalid value: lock cannot be removed',
  ]);
});

test('rules can say their message, their reason and their field', () => {
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    'x-kubernetes-validations': [
      {
        rule: 'self.n > 1',
        messageExpression: '"n is " + string(self.n)',
        reason: 'FieldValueForbidden',
        fieldPath: '.n',
      },
      { rule: 'self.n > 2', message: ' too small ', messageExpression: '""', reason: 'FieldValueRequired' },
      {
        rule: 'optional.none() == oldSelf',
        optionalOldSelf: true,
        message: 'only once',
        reason: 'FieldValueDuplicate',
      },
    ],
  };
  const at = { type: 'object', properties: { spec: schema } };
  assert.deepEqual(runRules(at, { spec: { n: 1 } }, { spec: { n: 3 } }), [
    'spec.n: Forbidden: n is 1',
    'spec: Required value: too small',
    'spec: Duplicate value',
  ]);
});

test('rules know apiVersion, kind, the names, and fields with odd names', () => {
  const schema = {
    type: 'object',
    properties: { 'a-b': { type: 'string' }, namespace: { type: 'string' } },
    'x-kubernetes-validations': [
      { rule: 'self.kind == "Wid" && self.metadata.name.startsWith("w") && self.a__dash__b == self.__namespace__' },
      // Words of the language name fields, too, since 1.31.
      { rule: 'self.namespace == self.__namespace__ && has(self.namespace)' },
    ],
  };
  const value = { apiVersion: 'v1', kind: 'Wid', metadata: { name: 'w' }, 'a-b': 'x', namespace: 'x' };
  assert.deepEqual(runRules(schema, value), []);
  const other = { ...schema, 'x-kubernetes-validations': [{ rule: 'self.kind == "Zork"', message: 'no Zork' }] };
  assert.deepEqual(runRules(other, value), ['<nil>: Invalid value: no Zork']);
});

test('lists that are sets are compared without order, maps by their keys', () => {
  const schema = {
    type: 'object',
    properties: {
      set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      map: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer' } } },
      },
    },
    'x-kubernetes-validations': [
      { rule: 'self.set == oldSelf.set' },
      { rule: '(self.map + oldSelf.map).size() == 2 && (oldSelf.map + self.map)[0].v == 9' },
    ],
  };
  const old = { set: ['a', 'b'], map: [{ k: 'x', v: 1 }] };
  assert.deepEqual(
    runRules(
      schema,
      {
        set: ['b', 'a'],
        map: [
          { k: 'y', v: 2 },
          { k: 'x', v: 9 },
        ],
      },
      old,
    ),
    [],
  );
});

test('what an update leaves as it is only warns; a run that takes too much work ends', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 5' }] } },
  };
  const warnings: string[] = [];
  assert.deepEqual(runRules(schema, { a: 1, b: 2 }, { a: 1 }, warnings), []);
  assert.deepEqual(warnings, ['a: Invalid value: 1: failed rule: self > 5']);
  const heavy = {
    type: 'object',
    properties: { a: { type: 'array', items: { type: 'integer' } } },
    'x-kubernetes-validations': [{ rule: 'self.a.all(x, self.a.all(y, self.a.all(z, x + y + z >= 0)))' }],
  };
  assert.deepEqual(runRules(heavy, { a: Array.from({ length: 200 }, (_item, index) => index) }), [
    '<nil>: Invalid value: "object": \'operation cancelled: actual cost limit exceeded\': no further validation rules will be run due to call cost exceeds limit for rule: self.a.all(x, self.a.all(y, self.a.all(z, x + y + z >= 0)))',
  ]);
});
