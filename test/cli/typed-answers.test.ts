import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext } from '../../src/cli/command.ts';
import { answersOfAnyType, typedAnswers } from '../../src/cli/typed-answers.ts';
import { bundledApi } from '../support/bundled-api.ts';

const context = { bundledApi } as unknown as CommandContext;
const asked = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
const empty = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };
const json = 'application/json';

interface Answer {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
}

async function read(how: 'typed' | 'any', { body, type = json, status = 200 }: Answer): Promise<unknown> {
  const reader = how === 'typed' ? typedAnswers(asked, context) : answersOfAnyType(context);
  const headers = type === '' ? {} : { 'content-type': type };
  try {
    return await reader({ status, headers, body: Buffer.from(body) });
  } catch (error) {
    return (error as Error).message;
  }
}

const struct =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const undecodable = "couldn't get version/kind; json parse error: ";
const scheme = 'in scheme "k8s.io/client-go/kubernetes/scheme/register.go:82"';
const head = '"kind":"ConfigMap","apiVersion":"v1"';

// What kubectl 1.36 made of them as answers to `create configmap x`.
const typed: readonly (readonly [string, Answer, unknown])[] = [
  ['nothing', { body: '' }, '0-length response with status code: 200 and content type: application/json'],
  [
    'nothing, made',
    { body: '', status: 201 },
    '0-length response with status code: 201 and content type: application/json',
  ],
  ['text', { body: 'hello' }, `${undecodable}invalid character 'h' looking for beginning of value`],
  ['a list', { body: '[1]' }, `${undecodable}json: cannot unmarshal array into ${struct}`],
  ['an unfinished object', { body: `{${head},"metadata":{` }, `${undecodable}unexpected end of JSON input`],
  ['an escape', { body: '{"kind":"a\\q"}' }, `${undecodable}invalid escape sequence \`\\q\` in string`],
  [
    'a byte order mark',
    { body: `\ufeff{${head}}` },
    `${undecodable}invalid character '\\ufeff' looking for beginning of value`,
  ],
  [
    'a kind that is a number',
    { body: '{"kind":5,"apiVersion":"v1"}' },
    `${undecodable}json: cannot unmarshal number into Go struct field .kind of type string`,
  ],
  ['an odd version', { body: '{"kind":"Foo","apiVersion":"a/b/c"}' }, 'unexpected GroupVersion string: a/b/c'],
  ['no kind', { body: '{"a":1}' }, empty],
  ['null', { body: 'null' }, empty],
  ['no version', { body: '{"kind":"ConfigMap","metadata":{"name":"y"}}' }, { ...empty, metadata: { name: 'y' } }],
  ['another kind', { body: '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"zz"}}' }, empty],
  ['a list of objects', { body: '{"kind":"List","apiVersion":"v1","items":[]}' }, empty],
  [
    'an unknown kind',
    { body: '{"kind":"Foo","apiVersion":"v1"}' },
    `no kind "Foo" is registered for version "v1" ${scheme}`,
  ],
  [
    'metadata that is none',
    { body: `{${head},"metadata":5}` },
    'json: cannot unmarshal number into Go struct field ConfigMap.metadata of type v1.ObjectMeta',
  ],
  [
    'data that is none',
    { body: `{${head},"data":{"a":1}}` },
    'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  ],
  [
    'a large number',
    { body: `{${head},"metadata":{"generation":9223372036854775808}}` },
    'json: cannot unmarshal number 9223372036854775808 into Go struct field ObjectMeta.metadata.generation of type int64',
  ],
  [
    'a power of ten',
    { body: `{${head},"metadata":{"generation":1e3}}` },
    'json: cannot unmarshal number 1e3 into Go struct field ObjectMeta.metadata.generation of type int64',
  ],
  ['success', { body: '{"kind":"Status","apiVersion":"v1","status":"Success"}' }, empty],
  ['failure', { body: '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no way"}' }, 'no way'],
  ['a failure without a word', { body: '{"kind":"Status","apiVersion":"v1"}' }, ''],
  ['a page', { body: '<html>', type: 'text/html' }, "serializer for text/html doesn't exist"],
  [
    'no type',
    { body: '{}', type: '' },
    'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
  ],
  [
    'an odd type',
    { body: '{}', type: 'a/b/c;;' },
    'Internal error occurred: mime: unexpected content after media subtype',
  ],
  [
    'an odd parameter',
    { body: '{}', type: 'application/json; =' },
    'Internal error occurred: mime: invalid media parameter',
  ],
  [
    'YAML',
    { body: 'kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n', type: 'application/yaml' },
    { ...empty, metadata: { name: 'a' } },
  ],
];

for (const [name, answer, expected] of typed) {
  void test(`what is sent by a typed client is answered by ${name}`, async () => {
    assert.deepEqual(await read('typed', answer), expected);
  });
}

// What it made of them as answers to `run` and `logs`.
const any: readonly (readonly [string, Answer, unknown])[] = [
  ['nothing', { body: '' }, `${undecodable}unexpected end of JSON input`],
  ['no version', { body: '{"kind":"ConfigMap"}' }, 'Object \'apiVersion\' is missing in \'{"kind":"ConfigMap"}\''],
  ['no kind', { body: '{"a":1}' }, "Object 'Kind' is missing in '{\"a\":1}'"],
  ['another kind', { body: '{"kind":"Secret","apiVersion":"v1"}' }, { kind: 'Secret', apiVersion: 'v1', metadata: {} }],
  [
    'an unknown kind',
    { body: '{"kind":"Foo","apiVersion":"v1"}' },
    'no kind "Foo" is registered for version "v1" in scheme "pkg/scheme/scheme.go:28"',
  ],
  [
    'a pod that does not fit',
    { body: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"containers":"x"}}' },
    'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
];

for (const [name, answer, expected] of any) {
  void test(`what is asked for by any type is answered by ${name}`, async () => {
    assert.deepEqual(await read('any', answer), expected);
  });
}

void test('a list as it was asked for is taken as it is, another one is read', async () => {
  const reader = typedAnswers({ apiVersion: 'v1', kind: 'EventList' }, context);
  const list = { kind: 'EventList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'a' } }] };
  const answer = (body: object): Parameters<typeof reader>[0] => ({
    status: 200,
    headers: { 'content-type': json },
    body: Buffer.from(JSON.stringify(body)),
  });
  assert.deepEqual(await reader(answer(list)), list);
  await assert.rejects(reader(answer({ ...list, items: ['x'] })), {
    message: 'json: cannot unmarshal string into Go struct field EventList.items of type v1.Event',
  });
});
