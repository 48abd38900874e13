import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { JsonObject } from '../../../../src/apimachinery/json.ts';
import { swaggerAsProtobuf } from '../../../../src/control-plane/apiserver/openapi/swagger-protobuf.ts';

/** A message as its field numbers with what they hold; what looks like a message is read as one where asked. */
type Read = readonly (readonly [number, string | number | boolean | Read])[];

/** Shapes tell which fields hold messages. */
interface Shape {
  readonly [number: number]: Shape | 'text';
}

function read(bytes: Uint8Array, shape: Shape): Read {
  const reader = new BinaryReader(bytes);
  const fields: [number, string | number | boolean | Read][] = [];
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.Varint) fields.push([number, Number(reader.int64())]);
    else if (wireType === WireType.Bit64) fields.push([number, reader.double()]);
    else {
      const content = reader.bytes();
      const inner = shape[number] ?? 'text';
      fields.push([number, inner === 'text' ? Buffer.from(content).toString('utf8') : read(content, inner)]);
    }
  }
  return fields;
}

/** The fields of messages in the order in which they are written: by number. */
function byNumber(fields: Read): Read {
  return fields
    .map(([number, value]) => [number, Array.isArray(value) ? byNumber(value as Read) : value] as const)
    .toSorted(([left], [right]) => left - right);
}

const any: Shape = {};
const extension: Shape = { 2: any };
const schema: Shape = {
  5: any,
  21: { 1: { 22: {} } },
  22: {},
  23: { 1: { 22: {} } },
  25: { 1: { 2: { 22: {} } } },
  31: extension,
};

void test('definitions are written with the numbers of gnostic', () => {
  const swagger: JsonObject = {
    swagger: '2.0',
    definitions: {
      'io.x.Thing': {
        type: 'object',
        description: 'A thing',
        required: ['a'],
        default: { k: 1 },
        properties: { a: { type: 'array', items: { $ref: '#/definitions/io.x.Other' } } },
        additionalProperties: { type: 'string' },
        'x-kubernetes-map-type': 'atomic',
      },
    },
  };
  assert.deepEqual(
    read(swaggerAsProtobuf(swagger), { 9: { 1: { 2: schema } } }),
    byNumber([
      [1, '2.0'],
      [
        9,
        [
          [
            1,
            [
              [1, 'io.x.Thing'],
              [
                2,
                [
                  [22, [[1, 'object']]],
                  [4, 'A thing'],
                  [19, 'a'],
                  [5, [[2, 'k: 1\n']]],
                  [
                    25,
                    [
                      [
                        1,
                        [
                          [1, 'a'],
                          [
                            2,
                            [
                              [22, [[1, 'array']]],
                              [23, '\n\u001a\n\u0018#/definitions/io.x.Other'],
                            ],
                          ],
                        ],
                      ],
                    ],
                  ],
                  [21, [[1, [[22, [[1, 'string']]]]]]],
                  [
                    31,
                    [
                      [1, 'x-kubernetes-map-type'],
                      [2, [[2, 'atomic\n']]],
                    ],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ]),
  );
});

void test('operations carry their parameters by place, references and extensions', () => {
  const gvk = { group: '', version: 'v1', kind: 'Pod' };
  const swagger: JsonObject = {
    paths: {
      '/p': {
        patch: {
          operationId: 'p',
          parameters: [
            { in: 'query', name: 'dryRun', type: 'string', uniqueItems: true },
            { in: 'body', name: 'body', required: true, schema: { type: 'object' } },
            { in: 'path', name: 'name', required: true, type: 'string' },
            { $ref: '#/parameters/x' },
          ],
          responses: { 200: { description: 'OK' } },
          'x-kubernetes-group-version-kind': gvk,
        },
      },
    },
  };
  const query: Shape = {};
  const parameter: Shape = { 1: { 1: { 5: { 22: {} } }, 2: { 3: query, 4: {} } }, 2: {} };
  const operation: Shape = { 8: parameter, 9: { 1: { 2: { 1: {} } } }, 13: extension };
  const bytes = swaggerAsProtobuf(swagger);
  assert.deepEqual(
    read(bytes, { 8: { 2: { 2: { 8: operation } } } }),
    byNumber([
      [
        8,
        [
          [
            2,
            [
              [1, '/p'],
              [
                2,
                [
                  [
                    8,
                    [
                      [5, 'p'],
                      [
                        8,
                        [
                          [
                            1,
                            [
                              [
                                2,
                                [
                                  [
                                    3,
                                    [
                                      [2, 'query'],
                                      [4, 'dryRun'],
                                      [6, 'string'],
                                      [20, 1],
                                    ],
                                  ],
                                ],
                              ],
                            ],
                          ],
                        ],
                      ],
                      [
                        8,
                        [
                          [
                            1,
                            [
                              [
                                1,
                                [
                                  [3, 'body'],
                                  [2, 'body'],
                                  [4, 1],
                                  [5, [[22, [[1, 'object']]]]],
                                ],
                              ],
                            ],
                          ],
                        ],
                      ],
                      [
                        8,
                        [
                          [
                            1,
                            [
                              [
                                2,
                                [
                                  [
                                    4,
                                    [
                                      [2, 'path'],
                                      [4, 'name'],
                                      [1, 1],
                                      [5, 'string'],
                                    ],
                                  ],
                                ],
                              ],
                            ],
                          ],
                        ],
                      ],
                      [8, [[2, [[1, '#/parameters/x']]]]],
                      [
                        9,
                        [
                          [
                            1,
                            [
                              [1, '200'],
                              [2, [[1, [[1, 'OK']]]]],
                            ],
                          ],
                        ],
                      ],
                      [
                        13,
                        [
                          [1, 'x-kubernetes-group-version-kind'],
                          [2, [[2, 'group: ""\nkind: Pod\nversion: v1\n']]],
                        ],
                      ],
                    ],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ]),
  );
});
