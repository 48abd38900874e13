import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  resource: 'leases',
  namespace: 'default',
  create: [
    [
      { spec: { holderIdentity: 'me', leaseDurationSeconds: 0 } },
      ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    ],
    [
      { spec: { holderIdentity: 'me', leaseDurationSeconds: 15, leaseTransitions: -1 } },
      ['spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [{ spec: { acquireTime: '2020-01-01T00:00:00.123456Z', holderIdentity: 'me', leaseDurationSeconds: 15 } }, []],
    [{ spec: { holderIdentity: 'me', leaseDurationSeconds: 15, preferredHolder: 'x' } }, []],
    [{}, []],
  ],
  base: { spec: { holderIdentity: 'me', leaseDurationSeconds: 15 } },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/spec/leaseDurationSeconds': 0 },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/renewTime': '2020-01-01T00:00:00.000000Z' },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/holderIdentity': '' },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
  ],
});
