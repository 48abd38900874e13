import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  resource: 'apiservices',
  create: [
    [
      {
        metadata: { name: 'wrong' },
        spec: {
          group: 'ns.example.com',
          groupPriorityMinimum: 100,
          insecureSkipTLSVerify: true,
          service: { name: 's', namespace: 'ns' },
          version: 'v1',
          versionPriority: 10,
        },
      },
      ['metadata.name: Invalid value: "wrong": must be `spec.version+"."+spec.group`: "v1.ns.example.com"'],
    ],
    [
      {
        metadata: { name: 'v1.ns.example.com' },
        spec: {
          group: 'ns.example.com',
          groupPriorityMinimum: 100,
          insecureSkipTLSVerify: true,
          service: { name: 's', namespace: 'ns' },
          version: 'v1',
          versionPriority: 2000,
        },
      },
      ['spec.versionPriority: Invalid value: 2000: must be positive and less than 1000'],
    ],
    [
      {
        metadata: { name: 'v1.ns.example.com' },
        spec: {
          caBundle: 'YQ==',
          group: 'ns.example.com',
          groupPriorityMinimum: 100,
          insecureSkipTLSVerify: true,
          service: { name: 's', namespace: 'ns' },
          version: 'v1',
          versionPriority: 10,
        },
      },
      ['spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present'],
    ],
    [
      {
        metadata: { name: 'v1.ns.example.com' },
        spec: {
          group: 'ns.example.com',
          groupPriorityMinimum: 100,
          insecureSkipTLSVerify: false,
          service: { name: 's', namespace: 'ns' },
          version: 'v1',
          versionPriority: 10,
        },
      },
      [],
    ],
    [
      {
        metadata: { name: 'v1.ns.example.com' },
        spec: {
          group: 'ns.example.com',
          groupPriorityMinimum: 100,
          insecureSkipTLSVerify: true,
          version: 'v1',
          versionPriority: 10,
        },
      },
      ['spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify'],
    ],
  ],
});
