import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  namespace: 'default',
  create: [
    [
      {
        spec: {
          replicas: 0,
          template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ image: 'img', name: 'c' }] } },
        },
      },
      [],
    ],
    [{ spec: { replicas: 0, selector: { app: 'a' } } }, ['spec.template: Required value']],
    [
      {
        spec: {
          replicas: 0,
          selector: { app: 'a' },
          template: {
            metadata: { labels: { app: 'a' } },
            spec: { containers: [{ image: 'img', name: 'c' }], restartPolicy: 'OnFailure' },
          },
        },
      },
      ['spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"'],
    ],
    [
      {
        spec: {
          replicas: 0,
          selector: { 'a!': 'b' },
          template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ image: 'img', name: 'c' }] } },
        },
      },
      ['spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`'],
    ],
  ],
});
