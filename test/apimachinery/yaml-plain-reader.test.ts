import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import type { JsonValue } from '../../src/apimachinery/json.ts';
import { readPlainYaml } from '../../src/apimachinery/yaml-plain-reader.ts';
import { parseYaml, parseYamlDocuments } from '../../src/apimachinery/yaml.ts';
import { type Random, seededRandom } from '../../src/system/random.ts';

const manifest = `# A web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # short
  labels: {app: web, tier: 'front'}
  annotations:
    example.com/note: "yes: # no"
    example.com/empty:
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.27
        command: [sh, -c, "echo one, two"]
        args: []
        resources: {}
        env:
          - name: SCRIPT
            value: |
              #!/bin/sh
              set -e

                echo "  two"
          - {name: MODE, value: 0o755}
          -
            name: LAST
            value: |-
              no line feed
      tolerations:
      - 1e3
      - - 0x1F
        - null
      - on
`;

/** What the whole reader makes of a text: a character beyond ASCII keeps the other one away. */
function readWhole(text: string): JsonValue {
  return parseYaml(`# é\n${text}`);
}

void test('a manifest as people write it is read without the whole reader, to the same values', () => {
  const value = readPlainYaml(manifest);
  assert.ok(value !== undefined);
  assert.deepEqual(value, readWhole(manifest));
});

void test('what is not of the plain form, or wrong, is left to the whole reader', () => {
  const texts = [
    '',
    '# nothing\n',
    'text alone\n',
    'a: &x 1\nb: *x\n',
    'a: !!str 1\n',
    'a: >\n  folded\n',
    'a: |+\n  kept\n\n',
    'a: |2\n   indented\n',
    'a: "back\\slash"\n',
    'a: one\n  two\n',
    'a: 1\na: 2\n',
    'on: 1\n',
    '1: a\n',
    'a: b: c\n',
    'a: -\n',
    'a: - b\n',
    'a: [b\n  ]\n',
    'a: {b: [c]}\n',
    'a: [b,]\n',
    'a: .inf\n',
    'a:\t1\n',
    'a: é\n',
    'a: 1\r\n',
    ' a: 1\nb: 2\n',
    'a:\n- b\n c: 1\n',
    'a: 1\n---\nb: 2\n',
    'a: |\n  text\n more\n',
    `${'- '.repeat(200)}a\n`,
  ];
  assert.deepEqual(
    texts.filter((text) => readPlainYaml(text) !== undefined),
    [],
  );
});

void test('a place is asked of the whole reader', () => {
  const [document] = parseYamlDocuments(manifest);
  assert.deepEqual(document?.positionOf(['spec', 'replicas']), { line: 11, column: 3 });
  assert.deepEqual(document?.positionOf(['spec', 'template', 'spec', 'containers', 0, 'image']), {
    line: 16,
    column: 9,
  });
});

const pieces = [' ', '  ', '-', '- ', ':', ': ', '#', ' #', '"', "'", '|', '|-', '{', '}', '[', ']', ',', '\n', '\n\n'];
const morePieces = ['a', '0x1f', '~', 'on', '.inf', '---', '...', '&a', '*a', '!t', '%', '@', '`', '? ', '<<', '\\'];
const lines = ['\n- x', '\n  y: z', 'a:b', 'a: b', '{a: b}', '[a, "b"]', 'key:', '+1', '012', '1_0', '- - a', '\t'];
const insertions = [...pieces, ...morePieces, ...lines];

/** A part of a text with a few characters taken out, put in or replaced. */
function mutated(text: string, random: Random): string {
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const all = text.split('\n');
  const from = below(all.length);
  let part = all.slice(from, from + 3 + below(12)).join('\n');
  for (let left = below(5); left >= 0; left--) {
    const at = below(part.length + 1);
    const inserted = random.next() < 0.33 ? '' : (insertions[below(insertions.length)] ?? '');
    part = part.slice(0, at) + inserted + part.slice(at + below(3));
  }
  return part;
}

void test('whatever it reads, the whole reader reads the same', () => {
  const folder = new URL('../../examples/guestbook/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const texts = [manifest, ...files.flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split(/^---.*$/m))];
  const random = seededRandom(11);
  let read = 0;
  for (let count = 0; count < 6000; count++) {
    const text = mutated(texts[Math.floor(random.next() * texts.length)] ?? '', random);
    const value = readPlainYaml(text);
    if (value === undefined) continue;
    read++;
    assert.deepEqual(value, readWhole(text), JSON.stringify(text));
  }
  assert.ok(read > 500, `only ${read} of the texts were of the plain form`);
});
