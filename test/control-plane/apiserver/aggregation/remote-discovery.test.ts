import assert from 'node:assert/strict';
import test from 'node:test';
import { discoveredResources } from '../../../../src/control-plane/apiserver/aggregation/remote-discovery.ts';

const contentType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const none = { group: '', version: '', kind: '' };

test('resources of another server are told with the kinds that they answer, be they empty', () => {
  const kind = { group: 'g', version: 'v1', kind: 'Job' };
  const [verbs, scope] = [['list'], 'Namespaced'];
  const resources = [
    { resource: 'jobs', scope, verbs, subresources: [{ subresource: 'status', verbs }] },
    { resource: 'others', responseKind: kind, scope, verbs },
  ];
  const list = { items: [{ metadata: { name: 'g' }, versions: [{ version: 'v1', resources }] }] };
  assert.deepEqual(discoveredResources(contentType, list, 'g', 'v1'), [
    {
      resource: 'jobs',
      responseKind: none,
      scope,
      verbs,
      subresources: [{ subresource: 'status', responseKind: none, verbs }],
    },
    { resource: 'others', responseKind: kind, scope, verbs },
  ]);
  assert.equal(discoveredResources(contentType, list, 'g', 'v2'), undefined);
  assert.equal(discoveredResources('application/json', list, 'g', 'v1'), undefined);
});
