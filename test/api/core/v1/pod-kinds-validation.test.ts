import { describeValidation } from '../../../support/validation-cases.ts';

const container = { name: 'c', image: 'i' };
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const accessModes = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"';

describeValidation({
  apiVersion: 'v1',
  kind: 'PodTemplate',
  resource: 'podtemplates',
  namespace: 'default',
  create: [
    [
      { template: { spec: { containers: [container], runtimeClassName: '' } } },
      [`template.spec.runtimeClassName: Invalid value: "": ${subdomain}`],
    ],
    [
      { template: { spec: { containers: [container], preemptionPolicy: '' } } },
      ['template.spec.preemptionPolicy: Required value'],
    ],
    [
      { template: { spec: { containers: [container], securityContext: { seLinuxChangePolicy: 'MountOption' } } } },
      [
        'template.spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"',
      ],
    ],
    [
      {
        template: {
          spec: { containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: true } } }] },
        },
      },
      [
        'template.spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
      ],
    ],
    [
      {
        template: {
          spec: {
            hostNetwork: true,
            securityContext: { windowsOptions: { hostProcess: false } },
            containers: [{ ...container, securityContext: { windowsOptions: { hostProcess: true } } }],
            initContainers: [{ name: 'i', image: 'i' }],
          },
        },
      },
      [
        'template.spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: true: pod hostProcess value must be identical if both are specified, was false',
        'template.spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
      ],
    ],
    [
      {
        template: {
          spec: {
            containers: [container],
            volumes: [
              {
                name: 'v',
                ephemeral: {
                  volumeClaimTemplate: {
                    metadata: { name: 'x', labels: { a: 'b' } },
                    spec: { accessModes: ['x'], resources: { requests: { storage: '1Gi' } } },
                  },
                },
              },
            ],
          },
        },
      },
      [
        'template.spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set',
        `template.spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "x": supported values: ${accessModes}`,
      ],
    ],
  ],
});

const labelMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

describeValidation({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  resource: 'statefulsets',
  namespace: 'default',
  create: [
    [
      {
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b', c: ' ' } }, spec: { containers: [container] } },
        },
      },
      [
        `spec.template.labels: Invalid value: " ": ${labelMessage}`,
        `spec.template.labels: Invalid value: " ": ${labelMessage}`,
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'batch/v1',
  kind: 'Job',
  resource: 'jobs',
  namespace: 'default',
  create: [
    [
      {
        spec: { managedBy: 'a'.repeat(64), template: { spec: { containers: [container], restartPolicy: 'Never' } } },
      },
      [
        `spec.managedBy: Invalid value: "${'a'.repeat(64)}": must be a domain-prefixed path (such as "acme.io/foo")`,
        'spec.managedBy: Too long: may not be more than 63 bytes',
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  namespace: 'default',
  create: [
    [
      {
        metadata: { generateName: 'Bad_' },
        spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } },
      },
      [],
    ],
    [
      {
        metadata: { generateName: 'a/b' },
        spec: { template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } } },
      },
      ['metadata.generateName: Invalid value: "a/b": may not contain \'/\''],
    ],
  ],
});
