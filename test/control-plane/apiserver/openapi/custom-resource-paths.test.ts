import assert from 'node:assert/strict';
import test from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../src/apimachinery/json.ts';
import { builtInResources, builtInTypes } from '../../../../src/api/registry.ts';
import {
  openApiV2Document,
  openApiV3Documents,
} from '../../../../src/control-plane/apiserver/openapi/openapi-documents.ts';

const documentation = (): undefined => undefined;
const resources = builtInResources.filter(({ resource }) => resource === 'leases');
const path = '/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}';

function at(value: JsonValue | undefined, ...keys: readonly string[]): JsonObject {
  let found = value;
  for (const key of keys) found = isJsonObject(found) ? found[key] : undefined;
  return isJsonObject(found) ? found : {};
}

// kubectl asks the document of version 3 whether a kind takes strategic merge patches.
void test('custom resources take no strategic merge patch and no protobuf', () => {
  for (const custom of [true, false]) {
    const builtIn = { resources, types: builtInTypes(), documentation, version: '1.36' };
    const input = custom ? { ...builtIn, custom: { types: new Map(), listTypes: new Map() } } : builtIn;
    const v3 = openApiV3Documents(input).get('apis/coordination.k8s.io/v1')?.();
    const patch = at(v3, 'paths', path, 'patch');
    const strategic = custom ? [] : ['application/strategic-merge-patch+json'];
    assert.deepEqual(Object.keys(at(patch, 'requestBody', 'content')), [
      'application/apply-patch+yaml',
      'application/json-patch+json',
      'application/merge-patch+json',
      ...strategic,
    ]);
    const protobuf = custom ? [] : ['application/vnd.kubernetes.protobuf'];
    const answers = ['application/json', 'application/yaml', ...protobuf];
    assert.deepEqual(Object.keys(at(patch, 'responses', '200', 'content')), answers.toSorted());
    const v2 = at(openApiV2Document(input), 'paths', path);
    assert.deepEqual(at(v2, 'patch')['produces'], answers);
    assert.deepEqual(at(v2, 'put')['consumes'], custom ? ['application/json', 'application/yaml'] : ['*/*']);
  }
});

// `/status$/` as well as `Endpoints`: the server looks only at the end of the word.
void test('kinds that end as plurals do stand without an article, and operations in the order of a path', () => {
  const lease = resources.filter(({ version }) => version === 'v1');
  for (const [kind, said] of [
    ['NodeStatus', 'NodeStatus'],
    ['Ingress', 'an Ingress'],
    ['Wid', 'a Wid'],
  ] as const) {
    const input = {
      resources: lease.map((one) => ({ ...one, kind })),
      types: builtInTypes(),
      documentation,
      version: '1',
    };
    const item = at(openApiV3Documents(input).get('apis/coordination.k8s.io/v1')?.(), 'paths', path);
    assert.equal(at(item, 'delete')['description'], `delete ${said}`);
    assert.deepEqual(Object.keys(item), ['get', 'put', 'delete', 'patch', 'parameters']);
    assert.deepEqual(Object.keys(at(openApiV2Document(input), 'paths', path)), Object.keys(item));
  }
});

void test('documents of custom resources have a title of their own, and scales of their kind', () => {
  const input = {
    resources: builtInResources.filter(({ group, resource }) => group === 'apps' && resource === 'deployments'),
    types: builtInTypes(),
    documentation,
    version: '1.36',
    custom: { types: new Map(), listTypes: new Map() },
  };
  const v3 = openApiV3Documents(input).get('apis/apps/v1')?.();
  assert.deepEqual(at(v3, 'info'), { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' });
  assert.deepEqual(Object.keys(at(v3, 'components')), ['schemas']);
  const scale = at(v3, 'paths', '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale');
  const kind = { group: 'apps', kind: 'Deployment', version: 'v1' };
  for (const method of ['get', 'put', 'patch']) {
    assert.deepEqual(at(scale, method, 'x-kubernetes-group-version-kind'), kind);
  }
  const [name] = scale['parameters'] as JsonObject[];
  assert.equal(name?.['description'], 'name of the Deployment');
});

// Until 1.27 kubectl looks for dryRun and fieldValidation at the operations themselves.
void test('parameters that are shared have the names of the real server, two are not shared', () => {
  const document = openApiV2Document({ resources, types: builtInTypes(), documentation, version: '1.36' });
  const names = Object.keys(at(document, 'parameters'));
  const bodies = names.filter((name) => name.startsWith('body-'));
  assert.deepEqual(bodies.toSorted(), ['body-2Y1dVQaQ', 'body-78PwaGsr']);
  assert.deepEqual(
    names.filter((name) => /^(dryRun|fieldValidation)-/.test(name)),
    [],
  );
  const { parameters } = at(document, 'paths', path, 'patch');
  assert.ok(Array.isArray(parameters));
  const own = parameters.filter(isJsonObject).flatMap(({ name }) => (name === undefined ? [] : [name]));
  assert.deepEqual(own, ['dryRun', 'fieldValidation']);
});
