import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Client } from '../../src/client/client.ts';
import { createOpenApi, type OpenApi } from '../../src/schema-cache/openapi.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { temporaryFolder } from '../support/assembled-server.ts';

const index = { paths: { 'apis/example.com/v1': { serverRelativeURL: '/openapi/v3/apis/example.com/v1?hash=AB' } } };
const gadget = {
  type: 'object',
  description: 'A gadget.',
  required: ['description'],
  properties: {
    description: { type: 'string', description: 'A field of that name.', default: 'none' },
    parts: { type: 'array', description: 'Its parts.', items: { type: 'string', description: 'A part.' } },
  },
  'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Gadget' }],
};
const document = { openapi: '3.0.0', paths: { '/apis/': {} }, components: { schemas: { Gadget: gadget } } };

interface Cache {
  /** As another process has it. */
  readonly open: () => OpenApi;
  readonly folder: string;
  readonly asked: string[];
}

function newCache(context: TestContext): Cache {
  const cacheFolder = temporaryFolder(context);
  const asked: string[] = [];
  const answers = new Map<string, unknown>([
    ['/openapi/v3', index],
    ['/openapi/v3/apis/example.com/v1', document],
  ]);
  const request: Client['request'] = ({ path }) => {
    asked.push(path);
    const body = Buffer.from(JSON.stringify(answers.get(path)));
    return Promise.resolve({ status: 200, headers: {}, body });
  };
  const client = { request } as Client;
  const server = 'https://127.0.0.1:1';
  return {
    open: () => createOpenApi({ client, files: nodeFileSystem, cacheFolder, server, timeout: '32s' }),
    folder: join(cacheFolder, 'openapi', '127.0.0.1_1'),
    asked,
  };
}

test('types are remembered without descriptions, beside the whole document', async (context) => {
  const { open, folder, asked } = newCache(context);
  await open().typesOf('example.com', 'v1');
  asked.length = 0;
  const types = await open().typesOf('example.com', 'v1');
  assert.equal(types?.nameOf('example.com', 'v1', 'Gadget'), 'Gadget');
  assert.deepEqual(types.lookup('Gadget'), {
    type: 'object',
    required: ['description'],
    properties: {
      description: { type: 'string', default: 'none' },
      parts: { type: 'array', items: { type: 'string' } },
    },
  });
  assert.deepEqual(await open().document('example.com', 'v1'), document);
  assert.deepEqual(asked, ['/openapi/v3', '/openapi/v3'], 'documents were not asked for again');
  const files = (await readdir(folder)).sort();
  assert.deepEqual(files, ['apis_example.com_v1.AB.json', 'apis_example.com_v1.AB.types.json', 'index.json']);
});

test('a damaged file of the cache is as good as none', async (context) => {
  const { open, folder, asked } = newCache(context);
  await open().typesOf('example.com', 'v1');
  const file = join(folder, 'apis_example.com_v1.AB.types.json');
  const whole = await readFile(file, 'utf8');
  await writeFile(file, whole.slice(0, 20));
  asked.length = 0;
  assert.deepEqual((await open().typesOf('example.com', 'v1'))?.names, ['Gadget']);
  assert.deepEqual(asked, ['/openapi/v3', '/openapi/v3/apis/example.com/v1']);
  assert.equal(await readFile(file, 'utf8'), whole);
});
