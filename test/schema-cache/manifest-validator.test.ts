import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtInResources, builtInTypes } from '../../src/api/registry.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/apimachinery/json.ts';
import { type OpenApiTypes, schemasFromOpenApiV3 } from '../../src/apimachinery/openapi-schema.ts';
import { parseYaml } from '../../src/apimachinery/yaml.ts';
import { openApiV3Documents } from '../../src/control-plane/apiserver/openapi/openapi-documents.ts';
import { manifestProblems } from '../../src/schema-cache/manifest-problems.ts';
import { fitsType, validateManifest } from '../../src/schema-cache/manifest-validator.ts';
import { type Random, seededRandom } from '../../src/system/random.ts';
import { goldenPath } from '../support/golden.ts';

const input = { resources: builtInResources, types: builtInTypes(), documentation: () => undefined, version: '1.36' };
const documents = openApiV3Documents(input);

function typesOf(document: string): OpenApiTypes {
  return schemasFromOpenApiV3(documents.get(document)?.() ?? {});
}

const apps = typesOf('apis/apps/v1');
const core = typesOf('api/v1');

async function problems(types: OpenApiTypes, name: string, kind: string, yaml: string): Promise<string[]> {
  return (await validateManifest(types, name, kind, parseYaml(yaml) as JsonObject)).map(({ message }) => message);
}

const deployment = (yaml: string): Promise<string[]> =>
  problems(apps, 'io.k8s.api.apps.v1.Deployment', 'Deployment', yaml);
const configMap = (yaml: string): Promise<string[]> =>
  problems(core, 'io.k8s.api.core.v1.ConfigMap', 'ConfigMap', yaml);
const pod = (yaml: string): Promise<string[]> => problems(core, 'io.k8s.api.core.v1.Pod', 'Pod', yaml);

test('unknown fields, wrong types and missing fields are told as kubectl tells them', async () => {
  assert.deepEqual(
    await deployment(`
      spec:
        replica: 2
        replicas: two
        template:
          spec:
            containers:
            - image: web
              ports: [{containerPort: "80"}]
    `),
    [
      'ValidationError(Deployment.spec): missing required field "selector" in io.k8s.api.apps.v1.DeploymentSpec',
      'ValidationError(Deployment.spec): unknown field "replica" in io.k8s.api.apps.v1.DeploymentSpec',
      'ValidationError(Deployment.spec.replicas): invalid type for io.k8s.api.apps.v1.DeploymentSpec.replicas: got "string", expected "integer"',
      'ValidationError(Deployment.spec.template.spec.containers[0]): missing required field "name" in io.k8s.api.core.v1.Container',
      'ValidationError(Deployment.spec.template.spec.containers[0].ports[0].containerPort): invalid type for io.k8s.api.core.v1.ContainerPort.containerPort: got "string", expected "integer"',
    ],
  );
  assert.deepEqual(await configMap('data: {port: 80, on: true, list: [1]}'), [
    'ValidationError(ConfigMap.data.port): invalid type for io.k8s.api.core.v1.ConfigMap.data: got "integer", expected "string"',
    'ValidationError(ConfigMap.data.true): invalid type for io.k8s.api.core.v1.ConfigMap.data: got "boolean", expected "string"',
    'ValidationError(ConfigMap.data.list): invalid type for io.k8s.api.core.v1.ConfigMap.data: got "array", expected "string"',
  ]);
  assert.deepEqual(await configMap('data: text'), [
    'ValidationError(ConfigMap.data): invalid type for io.k8s.api.core.v1.ConfigMap.data: got "string", expected "map"',
  ]);
  assert.deepEqual(await pod('spec: {containers: [], priority: 3000000000}'), [
    'ValidationError(Pod.spec.priority): invalid type for io.k8s.api.core.v1.PodSpec.priority: got "integer", expected "int32"',
  ]);
});

test('what a server takes is no problem: null, quantities, int-or-string, big numbers, a status without its fields', async () => {
  assert.deepEqual(
    await pod(`
      metadata: {name: web, creationTimestamp: null, generation: 9223372036854775807}
      spec:
        terminationGracePeriodSeconds: 1e1
        nodeSelector: null
        containers:
        - name: main
          env: [{name: A, value: null}]
          resources: {limits: {cpu: 1, memory: 64Mi}, requests: {cpu: 0.5}}
          livenessProbe: {httpGet: {port: 80}}
          readinessProbe: {httpGet: {port: web}}
      status: {containerStatuses: [{name: main}]}
    `),
    [],
  );
  const definition = typesOf('apis/apiextensions.k8s.io/v1');
  const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';
  const crd = `
      spec:
        group: example.com
        names: {plural: gadgets, kind: Gadget}
        scope: Namespaced
        versions:
        - name: v1
          served: true
          schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, default: {any: [1, x]}}}}}
  `;
  assert.deepEqual(await problems(definition, name, 'CustomResourceDefinition', crd), []);
});

test('custom resources are checked by their own schema', async () => {
  const schema = {
    type: 'object',
    'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'Gadget' }],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: {
        type: 'object',
        required: ['size', 'colour'],
        properties: {
          size: { type: 'integer' },
          colour: { type: 'string', default: 'red' },
          port: { 'x-kubernetes-int-or-string': true },
          more: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { known: { type: 'string' } },
          },
        },
      },
    },
  };
  const types = schemasFromOpenApiV3({ components: { schemas: { 'com.example.v1.Gadget': schema } } });
  const name = types.nameOf('example.com', 'v1', 'Gadget') ?? '';
  const check = (yaml: string): Promise<string[]> => problems(types, name, 'Gadget', yaml);
  assert.deepEqual(await check('spec: {size: 1, port: web, more: {anything: 1, known: x}}'), []);
  assert.deepEqual(await check('spec: {port: 1.5, shape: round, more: {known: 1}}'), [
    'ValidationError(Gadget.spec): missing required field "size" in com.example.v1.Gadget.spec',
    'ValidationError(Gadget.spec): unknown field "shape" in com.example.v1.Gadget.spec',
    'ValidationError(Gadget.spec.port): invalid type for com.example.v1.Gadget.spec.port: got "number", expected "string"',
    'ValidationError(Gadget.spec.more.known): invalid type for com.example.v1.Gadget.spec.more.known: got "integer", expected "string"',
  ]);
});

interface RecordedExchange {
  readonly scenario: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query?: object;
    readonly body?: JsonObject;
  };
  readonly response: { readonly status: number; readonly headers?: Record<string, string> };
}

test('nothing that a real server took is a problem', async (context) => {
  const folder = goldenPath(context, 'exchanges');
  if (folder === undefined) return;
  const wrong: string[] = [];
  let accepted = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean)) {
      const { scenario, request, response } = JSON.parse(line) as RecordedExchange;
      const { apiVersion, kind } = request.body ?? {};
      if (!['POST', 'PUT'].includes(request.method) || typeof apiVersion !== 'string' || typeof kind !== 'string')
        continue;
      if (
        response.status >= 300 ||
        request.body === undefined ||
        JSON.stringify(request.query ?? {}).includes('fieldValidation')
      )
        continue;
      const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
      const types = knownTypes(group === '' ? `api/${version ?? ''}` : `apis/${apiVersion}`);
      const name = types?.nameOf(group ?? '', version ?? '', kind);
      if (types === undefined || name === undefined) continue;
      // A warning tells of a field the server did not know and dropped, since nothing asked it to be strict.
      if (JSON.stringify(response.headers ?? {}).includes('unknown field')) continue;
      accepted++;
      const found = await validateManifest(types, name, kind, request.body);
      for (const { message } of found) wrong.push(`${file} ${scenario}: ${message}`);
    }
  }
  assert.ok(accepted > 300, `${accepted} recorded objects`);
  assert.deepEqual(wrong, []);
});

const parsed = new Map<string, OpenApiTypes | undefined>();

function knownTypes(document: string): OpenApiTypes | undefined {
  if (!parsed.has(document)) parsed.set(document, documents.has(document) ? typesOf(document) : undefined);
  return parsed.get(document);
}

const example: JsonObject = {
  metadata: { name: 'web', labels: { app: 'web' }, generation: 9223372036854775807n },
  spec: {
    nodeSelector: null,
    priority: 1000,
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: 'main',
        args: ['a', 'b'],
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        ports: [{ containerPort: 80, hostPort: 8080 }],
        resources: { limits: { cpu: 1.5, memory: '64Mi' } },
        livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'X' }] }, periodSeconds: 5 },
      },
    ],
    volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's', items: [{ key: 'k', path: 'p' }] } }] } }],
  },
};
const values: readonly JsonValue[] = [
  null,
  'x',
  '',
  0,
  1.5,
  3e9,
  -(2 ** 31) - 1,
  2n ** 62n,
  true,
  [],
  {},
  ['x'],
  { a: 1 },
  [null],
];

/** The value with one member, at any depth, taken out, put in or replaced. */
function changed(value: JsonValue, random: Random): JsonValue {
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random.next() * items.length)];
  if ((!isJsonObject(value) && !Array.isArray(value)) || random.next() < 0.1) return pick(values) ?? null;
  if (Array.isArray(value)) {
    const at = Math.floor(random.next() * value.length);
    return value.map((item, index) => (index === at ? changed(item, random) : item));
  }
  const name = pick(Object.keys(value)) ?? 'name';
  const { [name]: member = null, ...others } = value;
  const kind = random.next();
  if (kind < 0.08) return others;
  if (kind < 0.16)
    return { ...value, [pick(['extra', 'name', 'constructor', '__proto__']) ?? '']: pick(values) ?? null };
  return { ...value, [name]: changed(member, random) };
}

test('the walk that passes most objects says what ajv says', () => {
  const random = seededRandom(5);
  const name = 'io.k8s.api.core.v1.Pod';
  const told = { fits: 0, problems: 0 };
  for (let count = 0; count < 1000; count++) {
    const object = changed(changed(example, random), random);
    if (!isJsonObject(object)) continue;
    const found = manifestProblems(core, name, 'Pod', object).length > 0;
    assert.equal(
      fitsType(core, name, object),
      !found,
      JSON.stringify(object, (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)),
    );
    told[found ? 'problems' : 'fits']++;
  }
  assert.ok(told.fits > 90 && told.problems > 300, JSON.stringify(told));
});
