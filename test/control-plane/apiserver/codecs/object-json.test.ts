import assert from 'node:assert/strict';
import test from 'node:test';
import { indentJson } from '../../../../src/apimachinery/json-codec.ts';
import { writeObjectJson } from '../../../../src/control-plane/apiserver/codecs/object-json.ts';

/** What is written, with the keys in any order, and the text that the real server sends for it. */
const cases: readonly (readonly [string, unknown, string])[] = [
  [
    'fields of a built-in kind stand in the order of its type, whatever came first',
    {
      spec: {
        restartPolicy: 'Always',
        containers: [{ image: 'i', resources: {}, name: 'c', env: [{ value: 'v', name: 'n' }] }],
        volumes: [{ emptyDir: {}, name: 'v' }],
      },
      metadata: { labels: { b: '1', a: '2' }, uid: 'u', name: 'p' },
      apiVersion: 'v1',
      kind: 'Pod',
    },
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","uid":"u","labels":{"a":"2","b":"1"}},"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c","image":"i","env":[{"name":"n","value":"v"}],"resources":{}}],"restartPolicy":"Always"}}',
  ],
  [
    'keys of maps that look like numbers are sorted as text',
    { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' }, data: { 2: 'b', 10: 'a', x: 'c', '-1': 'd' } },
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"},"data":{"-1":"d","10":"a","2":"b","x":"c"}}',
  ],
  [
    'what is owned stays as it is written in managedFields, whose entries say the manager first',
    {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { managedFields: [{ fieldsV1: { 'f:b': {}, 'f:a': {} }, apiVersion: 'v1', manager: 'm' }] },
    },
    '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"managedFields":[{"manager":"m","apiVersion":"v1","fieldsV1":{"f:b":{},"f:a":{}}}]}}',
  ],
  [
    'keys of custom resources are sorted, apiVersion first',
    {
      kind: 'Wid',
      apiVersion: 'e.com/v1',
      metadata: { uid: 'u', name: 'w', generation: 1 },
      spec: { b: [{ d: 1, c: 2 }] },
    },
    '{"apiVersion":"e.com/v1","kind":"Wid","metadata":{"generation":1,"name":"w","uid":"u"},"spec":{"b":[{"c":2,"d":1}]}}',
  ],
  [
    'schemas of definitions, and their defaults',
    {
      kind: 'CustomResourceDefinition',
      apiVersion: 'apiextensions.k8s.io/v1',
      metadata: {},
      spec: {
        versions: [
          {
            name: 'v1',
            schema: {
              openAPIV3Schema: {
                properties: {
                  b: { items: { format: 'x', type: 'string' }, type: 'array' },
                  a: { default: { z: 1, y: 2 } },
                },
                type: 'object',
              },
            },
          },
        ],
      },
    },
    '{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{},"spec":{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"default":{"y":2,"z":1}},"b":{"type":"array","items":{"type":"string","format":"x"}}}}}}]}}',
  ],
  [
    'errors',
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      code: 404,
      details: { kind: 'pods', name: 'a' },
    },
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","details":{"name":"a","kind":"pods"},"code":404}',
  ],
  [
    'rows of tables carry objects of their own kinds',
    {
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: {},
      columnDefinitions: null,
      rows: [
        { cells: ['<none>'], object: { kind: 'Wid', apiVersion: 'e.com/v1', metadata: {} } },
        { cells: [], object: null },
      ],
    },
    '{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{},"columnDefinitions":null,"rows":[{"cells":["\\u003cnone\\u003e"],"object":{"apiVersion":"e.com/v1","kind":"Wid","metadata":{}}},{"cells":[],"object":null}]}',
  ],
  [
    'what could end a script, and the line ends of JavaScript, are escaped',
    { kind: 'ConfigMap', apiVersion: 'v1', metadata: {}, data: { 'a<': '&>\u2028\u2029é\u007f\b\f\u0001' } },
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{},"data":{"a\\u003c":"\\u0026\\u003e\\u2028\\u2029é\u007f\\b\\f\\u0001"}}',
  ],
  [
    'fields that the type does not have come last',
    { kind: 'ConfigMap', apiVersion: 'v1', extra: 1, metadata: { initializers: { pending: [] }, name: 'c' } },
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c","initializers":{"pending":[]}},"extra":1}',
  ],
  [
    'a large number keeps its digits',
    { kind: 'Wid', apiVersion: 'e.com/v1', n: 9007199254740993n },
    '{"apiVersion":"e.com/v1","kind":"Wid","n":9007199254740993}',
  ],
];

for (const [name, object, text] of cases) {
  void test(name, () => {
    assert.equal(writeObjectJson(object), text);
    const lines = indentJson(text);
    assert.match(lines, /^\{\n {2}"/);
    assert.equal(lines.replaceAll(/\n */g, '').replaceAll('": ', '":'), text);
  });
}

void test('empty lists and objects take no lines of their own', () => {
  assert.equal(
    indentJson('{"a":[],"b":{},"c":["{\\"[,:"]}'),
    '{\n  "a": [],\n  "b": {},\n  "c": [\n    "{\\"[,:"\n  ]\n}',
  );
});
