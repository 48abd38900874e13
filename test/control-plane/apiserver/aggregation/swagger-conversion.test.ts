import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApi3Of } from '../../../../src/control-plane/apiserver/aggregation/swagger-conversion.ts';

test('a Swagger 2.0 document becomes one of OpenAPI 3.0', () => {
  const thing = { $ref: '#/definitions/Thing' };
  assert.deepEqual(
    openApi3Of({
      swagger: '2.0',
      info: { title: 'T', version: '1' },
      paths: {
        '/things': {
          parameters: [{ name: 'pretty', in: 'query', type: 'string', uniqueItems: true }],
          post: {
            operationId: 'createThing',
            consumes: ['application/json', 'application/yaml'],
            produces: ['application/json'],
            schemes: ['https'],
            parameters: [
              { name: 'body', in: 'body', required: true, schema: thing },
              { name: 'limit', in: 'query', type: 'integer', format: 'int64', description: 'how many' },
            ],
            responses: { '200': { description: 'OK', schema: thing }, '401': { description: 'Unauthorized' } },
            'x-kubernetes-action': 'post',
          },
        },
      },
      definitions: {
        Thing: {
          type: 'object',
          properties: {
            other: { description: 'another', default: {}, ...thing },
            list: { type: 'array', items: thing },
            map: { type: 'object', additionalProperties: thing },
          },
        },
      },
      securityDefinitions: { token: { type: 'apiKey', name: 'authorization', in: 'header' } },
    }),
    {
      openapi: '3.0.0',
      info: { title: 'T', version: '1' },
      paths: {
        '/things': {
          parameters: [{ name: 'pretty', in: 'query', schema: { type: 'string', uniqueItems: true } }],
          post: {
            operationId: 'createThing',
            'x-kubernetes-action': 'post',
            parameters: [
              { name: 'limit', in: 'query', description: 'how many', schema: { type: 'integer', format: 'int64' } },
            ],
            requestBody: {
              content: {
                'application/json': { schema: { $ref: '#/components/schemas/Thing' } },
                'application/yaml': { schema: { $ref: '#/components/schemas/Thing' } },
              },
            },
            responses: {
              '200': {
                description: 'OK',
                content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
              },
              '401': { description: 'Unauthorized' },
            },
          },
        },
      },
      components: {
        schemas: {
          Thing: {
            type: 'object',
            properties: {
              other: { description: 'another', default: {}, allOf: [{ $ref: '#/components/schemas/Thing' }] },
              list: { type: 'array', items: { $ref: '#/components/schemas/Thing' } },
              map: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Thing' } },
            },
          },
        },
        securitySchemes: { token: { type: 'apiKey', name: 'authorization', in: 'header' } },
      },
    },
  );
});
