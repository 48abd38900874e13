import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ConfigurationError,
  type ConfigurationFile,
  configurationField as field,
  decodeConfiguration,
  kindInVersions,
  MissingKindError,
  readConfiguration,
} from '../../../src/apimachinery/decoding/configuration-file.ts';

const file: ConfigurationFile = {
  kinds: kindInVersions('example.io', 'Settings', ['v1', 'v1beta1']),
  scheme: 'settings.go:1',
  root: 'v1.Settings',
  types: {
    'v1.Settings': { parts: field.listOf('v1.Part'), tags: field.textMap, limit: field.int32, other: field.any },
    'v1.Part': { name: field.text, names: field.texts, isOpen: field.flag },
  },
};
const head = 'apiVersion: example.io/v1\nkind: Settings\n';

test('fields are of their types, null is nothing, empty lists stay', () => {
  const text = `${head}parts: [{name: a, names: []}, null]\ntags: null\nlimit: 3\nother: {any: [thing]}\n`;
  assert.deepEqual(readConfiguration(text, file), {
    apiVersion: 'example.io/v1',
    kind: 'Settings',
    parts: [{ name: 'a', names: [] }, {}],
    limit: 3,
    other: { any: ['thing'] },
  });
});

// Recorded from kube-apiserver 1.36 with files of its own kinds.
const noKind = "couldn't get version/kind; json parse error: ";
const wanted =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const refusals: readonly (readonly [text: string, message: string])[] = [
  ['', "Object 'Kind' is missing in ''"],
  ['null', "Object 'Kind' is missing in 'null'"],
  ['kind: Settings\n', "Object 'apiVersion' is missing in 'kind: Settings\n'"],
  ['apiVersion: example.io/v1\n', "Object 'Kind' is missing in 'apiVersion: example.io/v1\n'"],
  [
    'apiVersion: example.io/v2\nkind: Settings\n',
    'no kind "Settings" is registered for version "example.io/v2" in scheme "settings.go:1"',
  ],
  ['kind: 5\n', `${noKind}json: cannot unmarshal number into Go struct field .kind of type string`],
  ['- a\n', `${noKind}json: cannot unmarshal array into ${wanted}`],
  ['hello', `${noKind}json: cannot unmarshal string into ${wanted}`],
  ['{"kind": "Settings", }', `${noKind}invalid character '}' looking for beginning of object key string`],
  ['a: [b', "yaml: line 1: did not find expected ',' or ']'"],
  [`${head}PARTS: []\n`, 'strict decoding error: unknown field "PARTS"'],
  [
    `${head}limit: 1\nlimit: 2\nsize: 3\n`,
    'strict decoding error: yaml: unmarshal errors:\n  line 4: key "limit" already set in map, unknown field "size"',
  ],
  [`${head}parts: 5\n`, 'json: cannot unmarshal number into Go struct field Settings.parts of type []v1.Part'],
  [
    `${head}parts: [{names: [a, 1]}]\n`,
    'json: cannot unmarshal number into Go struct field Part.parts.names of type string',
  ],
];

for (const [text, message] of refusals) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => readConfiguration(text, file),
      (error) => error instanceof ConfigurationError && error.message === message,
    );
  });
}

test('what says nothing of its kind is told apart, or is what such a file usually is', () => {
  assert.throws(() => readConfiguration('limit: 1\n', file), MissingKindError);
  const usual = { apiVersion: 'example.io/v1beta1', kind: 'Settings' };
  assert.deepEqual(decodeConfiguration('limit: 1\nsize: 2\n', { ...file, usual }), {
    object: { ...usual, limit: 1 },
    complaints: ['unknown field "size"'],
  });
});
