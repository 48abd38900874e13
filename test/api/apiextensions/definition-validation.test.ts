import assert from 'node:assert/strict';
import test from 'node:test';
import { customResourceDefinitionStrategy } from '../../../src/api/apiextensions/v1/custom-resource-definition-strategy.ts';
import { setCustomResourceDefinitionDefaults } from '../../../src/api/apiextensions/v1/custom-resource-definition-defaults.ts';
import { formatFieldError } from '../../../src/apimachinery/field-error.ts';
import type { JsonObject } from '../../../src/apimachinery/json.ts';
import type { Unstructured } from '../../../src/apimachinery/object-meta.ts';

const context = { now: 0, subresource: '', user: { username: 'admin', uid: '', groups: [] } };

function definition(spec: JsonObject, metadata: JsonObject = {}): Unstructured {
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'wids.example.com', ...metadata },
    spec: {
      group: 'example.com',
      names: { kind: 'Wid', plural: 'wids' },
      scope: 'Namespaced',
      versions: [version({ type: 'object' })],
      ...spec,
    },
  } as unknown as Unstructured;
  setCustomResourceDefinitionDefaults(object);
  customResourceDefinitionStrategy.prepareForCreate?.(object, context);
  return object;
}

function version(schema: JsonObject | undefined, rest: JsonObject = {}): JsonObject {
  return {
    name: 'v1',
    served: true,
    storage: true,
    ...(schema === undefined ? {} : { schema: { openAPIV3Schema: schema } }),
    ...rest,
  };
}

function problems(object: Unstructured): string[] {
  return (customResourceDefinitionStrategy.validateCreate?.(object, context) ?? []).map(formatFieldError);
}

const root = 'spec.validation.openAPIV3Schema';
const a = `${root}.properties[a]`;

/** Schemas of `a`, or whole ones, and what the real server answered (1.36.2). */
const schemas: readonly (readonly [JsonObject, ...string[]])[] = [
  [{ properties: { a: { type: 'string' } } }],
  [
    { type: 'object', properties: { a: {} } },
    `${a}.type: Required value: must not be empty for specified object fields`,
  ],
  [
    { type: 'zork' },
    `${root}.type: Invalid value: "zork": must be object at the root`,
    `${root}.type: Unsupported value: "zork": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  [{ additionalProperties: false }, `${root}.additionalProperties: Forbidden: must not be used at the root`],
  [
    { properties: { a: { type: 'string', default: 5 } } },
    `${a}.default: Invalid value: "integer":  in body must be of type string: "integer"`,
  ],
  [
    { properties: { a: { type: 'string', default: 'q', enum: ['a', 'a'] } } },
    `${a}.default: Unsupported value: "q": supported values: "a", "a"`,
  ],
  [
    { properties: { a: { type: 'object', properties: { b: { type: 'string' } }, default: { c: 1 } } } },
    `${a}.default: Invalid value: {"c":1}: must not have unknown fields`,
  ],
  [
    { properties: { a: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' } } },
    `${a}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
  ],
  [
    { properties: { a: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' } } },
    `${a}.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set`,
  ],
  [{ properties: { a: { type: 'integer', 'x-kubernetes-int-or-string': true } } }],
  [
    { 'x-kubernetes-preserve-unknown-fields': false },
    `${root}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
  ],
  [
    { properties: { a: { type: 'object', 'x-kubernetes-embedded-resource': true } } },
    `${a}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
  ],
  [
    { anyOf: [{ type: 'object', description: 'x', properties: { b: { default: 1 } } }] },
    `${root}.anyOf[0].description: Forbidden: must be empty to be structural`,
    `${root}.anyOf[0].properties[b].default: Forbidden: must be undefined to be structural`,
    `${root}.anyOf[0].type: Forbidden: must be empty to be structural`,
    `${root}.properties[b]: Required value: because it is defined in ${root}.anyOf[0].properties[b]`,
  ],
  [
    { uniqueItems: true },
    `${root}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  [{ properties: { a: { type: 'array' } } }, `${a}.items: Required value: must be specified`],
  [
    { properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
    `${root}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
  ],
  [
    { properties: { a: { type: 'string', pattern: '(' } } },
    `${a}.pattern: Invalid value: "(": must be a valid regular expression, but isn't: error parsing regexp: missing closing ): \`(\``,
  ],
];

test('schemas of definitions are checked as the real server does', () => {
  for (const [schema, ...expected] of schemas) {
    const whole = { type: 'object', ...schema };
    assert.deepEqual(problems(definition({ versions: [version(whole)] })), expected, JSON.stringify(schema));
  }
});

function ruleValue(rule: string, rest: JsonObject = {}): string {
  const value = { Rule: rule, Message: '', MessageExpression: '', Reason: null, FieldPath: '', OptionalOldSelf: null };
  return JSON.stringify({ ...value, ...rest }).replaceAll('>', String.raw`\u003e`);
}

const starts =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

test('rules are compiled and weighed when a definition is written', () => {
  const cases: readonly (readonly [JsonObject, JsonObject, ...string[]])[] = [
    [{ type: 'string' }, { rule: 'self != ""' }],
    [
      { type: 'string' },
      { rule: 'self >' },
      `rule: Invalid value: ${ruleValue('self >')}: compilation failed: ERROR: <input>:1:7: Syntax error: mismatched input '<EOF>' expecting ${starts}\n | self >\n | ......^`,
    ],
    [
      { type: 'string' },
      { rule: 'self + 1' },
      `rule: Invalid value: ${ruleValue('self + 1')}: compilation failed: ERROR: <input>:1:6: found no matching overload for '_+_' applied to '(string, int)'\n | self + 1\n | .....^`,
    ],
    [
      { type: 'string' },
      { rule: 'self' },
      `rule: Invalid value: ${ruleValue('self')}: cel expression must evaluate to a bool`,
    ],
    [{ type: 'string' }, { rule: ' ' }, 'rule: Required value: rule is not specified'],
    [
      { type: 'string' },
      { rule: 'true', message: 'a\nb' },
      'message: Invalid value: "a\\nb": must not contain line breaks',
    ],
    [
      { type: 'string' },
      { rule: 'true', messageExpression: '1' },
      `messageExpression: Invalid value: ${ruleValue('true', { MessageExpression: '1' })}: messageExpression must evaluate to a string`,
    ],
    [
      { type: 'string' },
      { rule: 'true', reason: 'Zork' },
      'reason: Unsupported value: "Zork": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
    [{ type: 'string' }, { rule: 'true', fieldPath: '.x' }, 'fieldPath: Invalid value: ".x": must be a valid path'],
    [
      { type: 'string' },
      { rule: 'true', optionalOldSelf: true },
      'optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule',
    ],
    [
      { type: 'array', items: { type: 'string' } },
      { rule: 'self.all(x, self.all(y, x != y))' },
      `rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      `rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
    ],
  ];
  for (const [schema, rule, ...expected] of cases) {
    const own = { ...schema, 'x-kubernetes-validations': [rule] };
    const found = problems(definition({ versions: [version({ type: 'object', properties: { a: own } })] }));
    const shown = found.filter((text) => !text.startsWith(`${root}: `));
    assert.deepEqual(
      shown,
      expected.map((text) => `${a}.x-kubernetes-validations[0].${text}`),
      JSON.stringify(rule),
    );
  }
});

test('old values cannot be used where it is not clear which value is old', () => {
  const rules = { 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
  const items = { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 5, ...rules } };
  assert.deepEqual(problems(definition({ versions: [version({ type: 'object', properties: { a: items } })] })), [
    `${a}.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within ${a}`,
  ]);
});

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

test('the rest of a definition is checked as the real server does', () => {
  const cases: readonly (readonly [JsonObject, ...string[]])[] = [
    [{}],
    [{ scope: 'Zork' }, 'spec.scope: Unsupported value: "Zork": supported values: "Cluster", "Namespaced"'],
    [
      { group: 'nodot', names: { kind: 'Wid', plural: 'wids' } },
      'metadata.name: Invalid value: "wids.example.com": must be spec.names.plural+"."+spec.group',
      'spec.group: Invalid value: "nodot": should be a domain with at least one dot',
    ],
    [
      { names: { kind: 'Wid', listKind: 'Wid', plural: 'wids' } },
      'spec.names.listKind: Invalid value: "Wid": kind and listKind may not be the same',
    ],
    [
      { versions: [] },
      'spec.versions: Invalid value: []: must have exactly one version marked as storage version',
      'status.storedVersions: Invalid value: null: must have at least one stored version',
    ],
    [{ versions: [version(undefined)] }, 'spec.versions[0].schema.openAPIV3Schema: Required value'],
    [
      { conversion: { strategy: 'Zork' } },
      'spec.conversion.strategy: Unsupported value: "Zork": supported values: "None", "Webhook"',
    ],
    [
      { conversion: { strategy: 'Webhook' } },
      'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
      'spec.conversion.conversionReviewVersions: Required value',
    ],
    [
      { versions: [version(open, { additionalPrinterColumns: [{ jsonPath: 'nodot', name: '', type: 'zork' }] })] },
      'spec.additionalPrinterColumns[0].name: Required value',
      'spec.additionalPrinterColumns[0].type: Invalid value: "zork": must be one of boolean,date,integer,number,string',
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "nodot": must be a simple json path starting with .',
    ],
    [
      { versions: [version(open, { selectableFields: [{ jsonPath: '.spec.zork' }] })] },
      'spec.selectableFields[0].jsonPath: Invalid value: ".spec.zork": is an invalid path: does not refer to a valid field',
    ],
    [
      { versions: [version(open, { deprecationWarning: 'x' })] },
      'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
    ],
    [
      {
        versions: [
          version(open, { subresources: { scale: { specReplicasPath: '.x', statusReplicasPath: '.status.n' } } }),
        ],
      },
      'spec.subresources.scale.specReplicasPath: Invalid value: ".x": should be a json path under .spec',
    ],
  ];
  for (const [spec, ...expected] of cases) {
    assert.deepEqual(problems(definition(spec)), expected, JSON.stringify(spec));
  }
});

test('a definition without versions is told what it needs', () => {
  const bare = definition({ group: '', scope: '', versions: null, names: { kind: '', plural: '' } }, { name: 'g' });
  assert.deepEqual(problems(bare), [
    'metadata.name: Invalid value: "g": must be spec.names.plural+"."+spec.group',
    'spec.group: Required value',
    'spec.scope: Required value',
    'spec.versions: Invalid value: null: must have exactly one version marked as storage version',
    'spec.names.plural: Required value',
    'spec.names.singular: Required value',
    'spec.names.kind: Required value',
    'spec.names.listKind: Required value',
    'status.storedVersions: Invalid value: null: must have at least one stored version',
  ]);
  assert.deepEqual(customResourceDefinitionStrategy.warningsOnCreate?.(bare), []);
});

test("the project's own groups need approval", () => {
  const approval = 'api-approved.kubernetes.io';
  const spec = { group: 'x.k8s.io', names: { kind: 'Wid', plural: 'wids' } };
  const path = `metadata.annotations[${approval}]`;
  const withText = (text: string): string[] =>
    problems(definition(spec, { name: 'wids.x.k8s.io', annotations: { [approval]: text } }));
  assert.deepEqual(problems(definition(spec, { name: 'wids.x.k8s.io' })), [
    `${path}: Required value: protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
  ]);
  assert.deepEqual(withText('https://github.com/kubernetes/kubernetes/pull/1'), []);
  assert.deepEqual(withText('unapproved, experimental'), []);
  assert.deepEqual(withText('yes'), [
    `${path}: Invalid value: "yes": protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
  ]);
});

test('what a definition is called cannot be changed', () => {
  const old = definition({});
  Object.assign(old, {
    status: { ...(old['status'] as JsonObject), conditions: [{ type: 'Established', status: 'True' }] },
  });
  const changed = definition({ scope: 'Cluster', names: { kind: 'Wod', plural: 'wods' }, group: 'example.org' });
  const found = customResourceDefinitionStrategy.validateUpdate?.(changed, old, context) ?? [];
  assert.deepEqual(found.map(formatFieldError), [
    'spec.scope: Invalid value: "Cluster": field is immutable',
    'spec.names.kind: Invalid value: "Wod": field is immutable',
    'spec.group: Invalid value: "example.org": field is immutable',
    'spec.names.plural: Invalid value: "wods": field is immutable',
  ]);
});

test('formats that nothing is checked against are warned of', () => {
  const object = definition({
    versions: [
      version({
        type: 'object',
        properties: { a: { type: 'string', format: 'zork' }, b: { type: 'integer', format: 'int32' } },
      }),
    ],
  });
  assert.deepEqual(customResourceDefinitionStrategy.warningsOnCreate?.(object), ['unrecognized format "zork"']);
});

void test('what a definition and its names are called is checked as the real server does', () => {
  const names = { kind: 'Wid', plural: 'wids' };
  const label =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, " +
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
  assert.deepEqual(problems(definition({}, { generateName: 'x' })), [
    'metadata.generateName: Invalid value: "x": must be spec.names.plural+"."+spec.group',
  ]);
  assert.deepEqual(problems(definition({ names: { ...names, shortNames: [''], categories: [''] } })), [
    `spec.names.shortNames[0]: Invalid value: "": ${label}`,
    `spec.names.categories[0]: Invalid value: "": ${label}`,
  ]);
});

test('fields to select by want a schema where they stand themselves: with all versions, or with each', () => {
  const schemaOf = (field: string): JsonObject => ({
    type: 'object',
    properties: { a: { type: 'string' }, [field]: { type: 'string' } },
  });
  const versions = (schemas: readonly JsonObject[], fields: readonly string[]): Unstructured =>
    definition({
      versions: schemas.map((schema, index) =>
        version(schema, {
          name: `v${index + 1}`,
          storage: index === 0,
          selectableFields: [{ jsonPath: fields[index] ?? '' }],
        }),
      ),
    });
  const [one, other] = [schemaOf('b'), schemaOf('c')];
  const own = 'may only be set when `version.schema.openAPIV3Schema` is not included';
  assert.deepEqual(problems(versions([one, one], ['.a', '.a'])), []);
  assert.deepEqual(problems(versions([one, other], ['.a', '.c'])), []);
  assert.deepEqual(problems(versions([one, other], ['.a', '.a'])), [
    'spec.selectableFields: Invalid value: "": may only be set when validations.schema is included',
  ]);
  assert.deepEqual(problems(versions([one, one], ['.a', '.b'])), [
    `spec.versions[0].selectableFields: Invalid value: "": ${own}`,
    `spec.versions[1].selectableFields: Invalid value: "": ${own}`,
  ]);
});
