import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApiServer } from '../../../support/test-api-server.ts';

const warning = [
  '299 - "metadata.name: names ending with \\".static.k8s.io\\" are reserved for static manifest-based configurations and cannot be managed via the API"',
];
const matchConstraints = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};
const validations = [{ expression: 'true' }];
const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }];
const specs = {
  validatingwebhookconfigurations: undefined,
  mutatingwebhookconfigurations: undefined,
  validatingadmissionpolicies: { matchConstraints, validations },
  validatingadmissionpolicybindings: { policyName: 'p', validationActions: ['Deny'] },
  mutatingadmissionpolicies: { matchConstraints, mutations, reinvocationPolicy: 'Never' },
  mutatingadmissionpolicybindings: { policyName: 'p' },
};

test('names that are kept for files of the server are warned of, in every kind of admission', async () => {
  const api = await createTestApiServer();
  for (const [resource, spec] of Object.entries(specs)) {
    const path = `/apis/admissionregistration.k8s.io/v1/${resource}`;
    for (const [name, expected] of [
      ['x.static.k8s.io', warning],
      ['static.k8s.io', undefined],
    ] as const) {
      const created = await api.request('POST', path, { metadata: { name }, ...(spec === undefined ? {} : { spec }) });
      assert.equal(created.status, 201, created.text);
      const updated = await api.request('PUT', `${path}/${name}`, created.body);
      assert.equal(updated.status, 200, updated.text);
      for (const { headers } of [created, updated]) assert.deepEqual(headers['warning'], expected, resource);
    }
  }
  await api.close();
});
