import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenApiRoute } from '../../../../src/control-plane/apiserver/openapi/openapi-route.ts';
import { openApiV3AsProtobuf } from '../../../../src/control-plane/apiserver/openapi/openapi-v3-protobuf.ts';
import { createTestApiServer } from '../../../support/test-api-server.ts';

/** The bytes of a message by its fields: numbers with texts, flags or messages. */
type Fields = readonly (readonly [number, string | true | Fields])[];

function bytesOf(fields: Fields): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (value === true) return Buffer.from([...varint(number << 3), 1]);
      const content = typeof value === 'string' ? Buffer.from(value) : bytesOf(value);
      return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(content.length)]), content]);
    }),
  );
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];
}

test('a document is written with the numbers of gnostic, in their order', () => {
  const written = openApiV3AsProtobuf({
    paths: {
      '/x/{name}': {
        parameters: [{ schema: { type: 'string', uniqueItems: true }, required: true, in: 'path', name: 'name' }],
        get: {
          'x-kubernetes-group-version-kind': { group: '', version: 'v1', kind: 'X' },
          responses: {
            '200': {
              description: 'OK',
              content: { 'application/json': { schema: { $ref: '#/components/schemas/X' } } },
            },
          },
          operationId: 'readX',
        },
      },
    },
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: '1.36' },
    components: {
      schemas: {
        X: {
          type: 'object',
          properties: {
            a: { default: {}, allOf: [{ $ref: '#/components/schemas/A' }] },
            b: { default: 'c', type: 'array', items: { type: 'string' } },
          },
        },
      },
    },
  });
  const schemaRef = (name: string): Fields => [[2, [[1, `#/components/schemas/${name}`]]]];
  const expected: Fields = [
    [1, '3.0.0'],
    [
      2,
      [
        [1, 'Kubernetes'],
        [6, '1.36'],
      ],
    ],
    [
      4,
      [
        [
          1,
          [
            [1, '/x/{name}'],
            [
              2,
              [
                [
                  4,
                  [
                    [5, 'readX'],
                    [
                      8,
                      [
                        [
                          2,
                          [
                            [1, '200'],
                            [
                              2,
                              [
                                [
                                  1,
                                  [
                                    [1, 'OK'],
                                    [
                                      3,
                                      [
                                        [
                                          1,
                                          [
                                            [1, 'application/json'],
                                            [2, [[1, schemaRef('X')]]],
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
                      ],
                    ],
                    [
                      13,
                      [
                        [1, 'x-kubernetes-group-version-kind'],
                        [2, [[2, 'group: ""\nkind: X\nversion: v1\n']]],
                      ],
                    ],
                  ],
                ],
                [
                  13,
                  [
                    [
                      1,
                      [
                        [1, 'name'],
                        [2, 'path'],
                        [4, true],
                        [
                          10,
                          [
                            [
                              1,
                              [
                                [20, true],
                                [25, 'string'],
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
          ],
        ],
      ],
    ],
    [
      5,
      [
        [
          1,
          [
            [
              1,
              [
                [1, 'X'],
                [
                  2,
                  [
                    [
                      1,
                      [
                        [25, 'object'],
                        [
                          31,
                          [
                            // A default that is an object is there, and empty.
                            [
                              1,
                              [
                                [1, 'a'],
                                [
                                  2,
                                  [
                                    [
                                      1,
                                      [
                                        [26, schemaRef('A')],
                                        [33, []],
                                      ],
                                    ],
                                  ],
                                ],
                              ],
                            ],
                            [
                              1,
                              [
                                [1, 'b'],
                                [
                                  2,
                                  [
                                    [
                                      1,
                                      [
                                        [25, 'array'],
                                        [30, [[1, [[1, [[25, 'string']]]]]]],
                                        [33, [[3, 'c']]],
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
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ];
  assert.deepEqual(Buffer.from(written), bytesOf(expected));
});

test('documents come in protobuf to who asks for it, by either of its names; other types are refused', async () => {
  const text = '{"openapi":"3.0.0","info":{"title":"Kubernetes","version":"1.36"}}';
  const route = createOpenApiRoute({
    index: () => Promise.resolve({ version: { serverRelativeURL: '/openapi/v3/version?hash=HASH' } }),
    document: (name) => Promise.resolve(name === 'version' ? Buffer.from(text) : undefined),
    v2: () => Promise.resolve(Buffer.from('{}')),
    types: () => new Map(),
  });
  const api = await createTestApiServer({ routes: [route] });
  const name = 'com.github.proto-openapi.spec.v3.v1.0+protobuf';
  for (const accept of [`application/${name}`, 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf, */*']) {
    const answer = await api.request('GET', '/openapi/v3/version', undefined, { accept });
    assert.equal(answer.headers['content-type'], `application/${name}`);
    assert.equal(answer.headers['etag'], '"HASH"');
    assert.equal(answer.text, '\n\x053.0.0\x12\x12\n\nKubernetes2\x041.36');
  }
  const accept = `application/${name}`;
  const moved = await api.request('GET', '/openapi/v3/version?hash=x', undefined, { accept });
  assert.deepEqual([moved.status, moved.headers['content-type']], [301, `application/${name}`]);
  const refused = await api.request('GET', '/openapi/v3/version', undefined, { accept: 'text/html' });
  assert.deepEqual([refused.status, refused.text], [406, '']);
  await api.close();
});
