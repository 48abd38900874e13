import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parseJson, stringifyJson } from '../../src/apimachinery/json-codec.ts';
import { ManifestError, readManifests } from '../../src/apimachinery/manifest-stream.ts';
import {
  parseYaml,
  parseYamlDocuments,
  stringifyKyaml,
  stringifyYaml,
  YamlError,
} from '../../src/apimachinery/yaml.ts';
import { repositoryRoot } from '../support/golden.ts';
import { realKubectl } from '../support/real-kubectl.ts';

const recorded = (name: string): string =>
  readFileSync(join(repositoryRoot, 'test/apimachinery/recorded', name), 'utf8');

type ReadCase = readonly [string, { readonly values?: readonly string[]; readonly error?: string }];

void test('streams of documents read as the real kubectl reads them', () => {
  for (const [text, expected] of JSON.parse(recorded('yaml-read.json')) as ReadCase[]) {
    let actual: { values?: unknown[]; error?: string };
    try {
      const documents = [...readManifests(text, { onDuplicateKey: () => undefined })];
      actual = { values: documents.map(({ value }) => value).filter((value) => value !== null) };
    } catch (error) {
      assert.ok(error instanceof ManifestError, String(error));
      actual = { error: error.message };
    }
    const values = expected.values?.map((value) => parseJson(value));
    assert.deepEqual(actual, values === undefined ? { error: expected.error } : { values }, JSON.stringify(text));
  }
});

void test('a line of a file that no line feed ends is ended, as kubectl reads files by lines', () => {
  for (const [text, value] of [
    ['a: |\n  one\n  two', 'one\ntwo\n'],
    ['a: >+\n  one\n\n ', 'one\n\n\n'],
    ['a: |\n  one\x85  two', 'one\ntwo\n'],
    ['a: one\n  two', 'one two'],
  ] as const) {
    const [document] = [...readManifests(text)];
    assert.deepEqual(document?.value, { a: value }, JSON.stringify(text));
  }
});

void test('YAML and KYAML are written as the real kubectl writes them', () => {
  const { document, yaml, kyaml } = JSON.parse(recorded('yaml-write.json')) as Record<string, string>;
  const value = parseJson(document ?? '');
  assert.deepEqual(stringifyYaml(value).split('\n'), yaml?.split('\n'));
  assert.deepEqual(`---\n${stringifyKyaml(value)}`.split('\n'), kyaml?.split('\n'));
});

void test('signs for next lines are folded as by the reader that the real kubectl sends its JSON through', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['a\x85b', 'a b'],
    ['a \x85 b', 'a b'],
    ['a\x85\x85b', '|-\n  a\n  b'],
    ['a \x85 \x85\x85 b', '|-\n  a\n\n  b'],
    ['a\n\x85b\n', '|\n  a\n   b'],
    ['\x85a', "' a'"],
    ['\x85', "' '"],
    ['a\t\x85b', '"a\\t b"'],
  ];
  for (const [text, written] of cases)
    assert.equal(stringifyYaml({ k: text }), `k: ${written}\n`, JSON.stringify(text));
});

void test('what is written reads back the same', () => {
  const { document } = JSON.parse(recorded('yaml-write.json')) as Record<string, string>;
  const value = parseJson(document ?? '');
  // A key << is written plain, and so read as a merge, by the real one too.
  const readable = JSON.parse(stringifyJson(value), (key, item: unknown) =>
    key === '<<' ? undefined : item,
  ) as unknown;
  assert.deepEqual(parseYaml(stringifyYaml(readable)), readable);
});

void test('the real kubectl still writes what is recorded', (context) => {
  const kubectl = realKubectl(context);
  if (kubectl === undefined) return;
  const { document = '', yaml } = JSON.parse(recorded('yaml-write.json')) as Record<string, string>;
  const run = spawnSync(kubectl, ['label', '--local', '-f', '-', 'a=b', '-o', 'yaml'], {
    input: document,
    encoding: 'utf8',
  });
  assert.equal(run.stdout, yaml);
});

void test('positions point at keys and items', () => {
  const [document] = parseYamlDocuments('kind: Pod\nspec:\n  containers:\n  - name: a\n    ports: [\n  80]\n');
  assert.deepEqual(document?.positionOf(['spec', 'containers', 0, 'name']), { line: 4, column: 5 });
  assert.deepEqual(document?.positionOf(['spec', 'containers', 0, 'ports', 0]), { line: 6, column: 3 });
  assert.deepEqual(document?.positionOf(['spec', 'absent']), { line: 2, column: 1 });
  const [, second, third] = [...readManifests('a: 1\n---\n\nb: 2\n--- # c\n{"c":\n 3}\n')];
  assert.deepEqual(second?.positionOf(['b']), { line: 4, column: 1 });
  assert.equal(second?.line, 3);
  assert.deepEqual(third?.positionOf(['c']), { line: 6, column: 2 });
  const [json] = [...readManifests('\n{"a": {\n  "b": [1,\n 2]}}')];
  assert.deepEqual(json?.positionOf(['a', 'b', 1]), { line: 4, column: 2 });
});

void test('an error tells its place in the whole stream', () => {
  const read = (): unknown => [...readManifests('a: 1\n---\nb: 2\nc: d: e\n')];
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof ManifestError);
    assert.deepEqual(error.position, { line: 4, column: 5 });
    assert.equal(error.sourceLine, 'c: d: e');
    assert.equal(
      error.message,
      'error converting YAML to JSON: yaml: line 2: mapping values are not allowed in this context',
    );
    return true;
  });
});

void test('a key that stands twice is an error, or told where asked', () => {
  assert.throws(
    () => parseYaml('a: 1\na: 2\n'),
    new YamlError('yaml: unmarshal errors:\n  line 2: key "a" already set in map', { line: 2, column: 1 }, 'a: 2'),
  );
  const told: string[] = [];
  assert.deepEqual(parseYaml('a: 1\na: 2\n', { onDuplicateKey: (message) => void told.push(message) }), { a: 2 });
  assert.deepEqual(told, ['line 2: key "a" already set in map']);
});

void test('documents before an error can be used', () => {
  const seen: string[] = [];
  assert.throws(() => {
    for (const { value } of readManifests('a: 1\n---\nb: [\n---\nc: 1\n')) seen.push(stringifyJson(value));
  }, ManifestError);
  assert.deepEqual(seen, ['{"a":1}']);
});

/** What go-yaml says of keys that are not there; undefined for those that are only empty. */
const keysThatAreMissing: readonly (readonly [text: string, message: string])[] = [
  [': x\n', 'yaml: did not find expected key'],
  [': : bad\n', 'yaml: did not find expected key'],
  [': : bad\n - x\n', 'yaml: did not find expected key'],
  ['a: 1\n: : bad\n - x\n', 'yaml: line 1: did not find expected key'],
  ['%YAML 1.1\n', 'yaml: line 1: did not find expected <document start>'],
  ['%YAML 1.1\n# c\n', 'yaml: line 2: did not find expected <document start>'],
  ['%TAG ! x\n%YAML 1.1\na: b\n', 'yaml: line 2: did not find expected <document start>'],
  ['a: 1\n: x\n', 'yaml: line 1: did not find expected key'],
  ['a:\n- : x\n', 'yaml: line 1: did not find expected key'],
  ['a: 1\nb:\n  : "x"\n', 'yaml: line 2: did not find expected key'],
  ['? a\n: x\n: y\n', 'yaml: line 2: did not find expected key'],
  ['a: {b: c, : x}\n', 'yaml: did not find expected node content'],
  ['? \n: x\n', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"'],
  ['~: x\n', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: "x"'],
  ['?\n', 'unsupported map key of type: %!s(<nil>), key: <nil>, value: <nil>'],
];

test('a colon needs a key before it', () => {
  for (const [text, message] of keysThatAreMissing) {
    assert.throws(
      () => parseYaml(text),
      (error: Error) => error.message === message,
      text,
    );
  }
});

test('a carriage return alone ends a line, too', () => {
  assert.deepEqual(parseYaml('a: [1,\r2,\r\n3]\rb: |\r  x\r  y\r'), { a: [1, 2, 3], b: 'x\ny\n' });
});

test('what is indented wrongly, by tabs or not, is told of in the words of go-yaml', () => {
  const texts: readonly (readonly [text: string, message: string])[] = [
    ['  k: v\n\tscript: x\n', 'yaml: line 2: found a tab character that violates indentation'],
    ['metadata:\n\tname: x\n', 'yaml: line 2: found character that cannot start any token'],
    [
      '  script: |\n    #!/bin/sh\n\tlong: x\n',
      'yaml: line 3: found a tab character where an indentation space is expected',
    ],
    ['spec:\n  ports:\n    - port: 80\n    name: http\n', "yaml: line 3: did not find expected '-' indicator"],
    ['        - name: v\n        emptyDir: {}\n', "yaml: line 1: did not find expected '-' indicator"],
    ['    ports:\n    - port: 80\n      name: http\n      - {port: 443}\n', 'yaml: line 3: did not find expected key'],
    ['a:\n  b: {c: d[0].e}\n', "yaml: line 1: did not find expected ',' or '}'"],
    ['a:\n  b: [1,,2]\n', 'yaml: line 1: did not find expected node content'],
    ['a: !!binary "!!!"\n', 'yaml: !!binary value contains invalid base64 data'],
    ['a: !!binary aGk\n', 'yaml: !!binary value contains invalid base64 data'],
    ['- a\n- {b: c}\n\t- d\n', 'yaml: line 3: found character that cannot start any token'],
  ];
  for (const [text, message] of texts) assert.throws(() => parseYaml(text), { message });
});

test('what stands less far in than the first value is never looked at', () => {
  const texts: readonly (readonly [text: string, value: unknown])[] = [
    ['    app: web\nkind: x\n', { app: 'web' }],
    ['      spec:\n    containers:\n', { spec: null }],
    ['a: !!binary aGVs\n', { a: 'hel' }],
  ];
  for (const [text, value] of texts) assert.deepEqual(parseYaml(text), value);
});

test('the lines of a long flow collection may stand anywhere, those of very many are not all read again', () => {
  const lines = Array.from({ length: 4000 }, (_, index) => `v${index}`);
  assert.deepEqual(parseYaml(`a: [\n${lines.join(',\n')}\n]\nb: 1\n`), { a: lines, b: 1 });
  const many = Array.from({ length: 4000 }, (_, index) => `a${index}: [\nx]`).join('\n');
  assert.throws(() => parseYaml(many), /deficient indentation/);
});
