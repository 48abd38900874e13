import assert from 'node:assert/strict';
import test from 'node:test';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { parseSelection } from '../../../../src/control-plane/apiserver/registry/selection.ts';
import { inServer } from '../../../support/test-api-server.ts';

test('few objects among many are found by a node or an involved object, and the others are not even read', () =>
  inServer(async (api) => {
    const pods = '/api/v1/namespaces/default/pods';
    for (let index = 0; index < 450; index++) {
      await api.request('POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `p${index}`, annotations: { text: '"nodeName":"node-7"' } },
        spec: {
          ...(index % 45 === 0 ? {} : { nodeName: `node-${index % 45}` }),
          containers: [{ name: 'c', image: 'i' }],
        },
      });
    }
    const names = async (path: string, field: string): Promise<(string | undefined)[]> => {
      const { body } = await api.request('GET', `${path}?fieldSelector=${encodeURIComponent(field)}`);
      return (body['items'] as Unstructured[]).map(({ metadata }) => metadata.name);
    };
    const seven = Array.from({ length: 10 }, (_, index) => `p${index * 45 + 7}`).toSorted();
    assert.deepEqual(await names(pods, 'spec.nodeName=node-7'), seven);
    assert.equal((await names(pods, 'spec.nodeName!=node-7')).length, 440);
    assert.equal((await names(pods, 'spec.nodeName=')).length, 10);
    assert.deepEqual(await names(pods, 'spec.nodeName=node-77'), []);

    for (const name of ['web', 'other']) {
      await api.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `e-${name}`, namespace: 'default' },
        involvedObject: { kind: 'Pod', name, namespace: 'default', uid: `uid-${name}` },
      });
    }
    const core = '/api/v1/namespaces/default/events';
    const newer = '/apis/events.k8s.io/v1/namespaces/default/events';
    assert.deepEqual(await names(core, 'involvedObject.name=web'), ['e-web']);
    assert.deepEqual(await names(core, 'involvedObject.uid=uid-web,involvedObject.name=web'), ['e-web']);
    assert.deepEqual(await names(newer, 'regarding.name=web'), ['e-web']);

    const resource = api.server.registry.find('', 'v1', 'pods') ?? assert.fail();
    const selection = parseSelection(resource, '', 'spec.nodeName=node-7');
    assert.equal(selection.mayMatch(Buffer.from('{"spec":{"nodeName":"node-70"}}')), false);
    assert.equal(selection.mayMatch(Buffer.from('{"spec":{"nodeName":"node-7"}}')), true);
  }));
