import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  create: [
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'nodots',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].name: Invalid value: "nodots": should be a domain with at least three segments separated by dots'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v9'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].admissionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
          },
        ],
      },
      ['webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Zork',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].failurePolicy: Unsupported value: "Zork": supported values: "Fail", "Ignore"'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
            timeoutSeconds: 31,
          },
        ],
      },
      ['webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: {},
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].clientConfig: Required value: exactly one of url or service is required'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'http://x' },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: '', namespace: '' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].clientConfig.service.name: Required value',
        'webhooks[0].clientConfig.service.namespace: Required value',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            rules: [{ apiGroups: ['*', 'a'], apiVersions: [], operations: ['ZORK'], resources: ['*/*', 'a'] }],
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].rules[0].operations[0]: Unsupported value: "ZORK": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
        'webhooks[0].rules[0].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other API groups',
        'webhooks[0].rules[0].apiVersions: Required value',
        'webhooks[0].rules[0].resources: Invalid value: ["*/*","a"]: if \'*/*\' is present, must not specify other resources',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            rules: [
              {
                apiGroups: [''],
                apiVersions: ['v1'],
                operations: ['*', 'CREATE'],
                resources: ['a/b/c', ''],
                scope: 'Zork',
              },
            ],
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
        'webhooks[0].rules[0].resources[1]: Required value',
        'webhooks[0].rules[0].scope: Unsupported value: "Zork": supported values: "*", "Cluster", "Namespaced"',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            matchConditions: [{ expression: '', name: '' }],
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].matchConditions[0].expression: Required value',
        'webhooks[0].matchConditions[0].name: Required value',
      ],
    ],
    [{ webhooks: [] }, []],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: 's', namespace: 'n' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Zork' }] },
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].namespaceSelector.matchExpressions[0].operator: Invalid value: "Zork": not a valid selector operator',
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  create: [
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'https://127.0.0.1:1/x' },
            failurePolicy: 'Ignore',
            name: 'nodots',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].name: Invalid value: "nodots": should be a domain with at least three segments separated by dots'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'https://127.0.0.1:1/x' },
            failurePolicy: 'Ignore',
            matchPolicy: 'Zork',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[0].matchPolicy: Unsupported value: "Zork": supported values: "Equivalent", "Exact"'],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { service: { name: '', namespace: '' } },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].clientConfig.service.name: Required value',
        'webhooks[0].clientConfig.service.namespace: Required value',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'https://127.0.0.1:1/x' },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            rules: [
              {
                apiGroups: [''],
                apiVersions: ['v1'],
                operations: ['*', 'CREATE'],
                resources: ['a/b/c', ''],
                scope: 'Zork',
              },
            ],
            sideEffects: 'None',
          },
        ],
      },
      [
        'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
        'webhooks[0].rules[0].resources[1]: Required value',
        'webhooks[0].rules[0].scope: Unsupported value: "Zork": supported values: "*", "Cluster", "Namespaced"',
      ],
    ],
    [
      {
        webhooks: [
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'https://127.0.0.1:1/x' },
            failurePolicy: 'Ignore',
            name: 'a.example.com',
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ns' } },
            sideEffects: 'None',
          },
          {
            admissionReviewVersions: ['v1'],
            clientConfig: { url: 'https://a/b' },
            name: 'a.example.com',
            sideEffects: 'None',
          },
        ],
      },
      ['webhooks[1].name: Duplicate value: "a.example.com"'],
    ],
  ],
});

// Rules that no recording shows.
describeValidation({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  base: {
    webhooks: [
      {
        name: 'a.example.com',
        admissionReviewVersions: ['v1'],
        clientConfig: { url: 'https://a/b' },
        sideEffects: 'None',
      },
    ],
  },
  update: [
    [
      { '/webhooks/0/reinvocationPolicy': 'Zork' },
      ['webhooks[0].reinvocationPolicy: Unsupported value: "Zork": supported values: "IfNeeded", "Never"'],
    ],
    [
      { '/webhooks/0/sideEffects': 'Some' },
      ['webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"'],
    ],
    [
      { '/webhooks/0/admissionReviewVersions': [] },
      ['webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1'],
    ],
    [
      { '/webhooks/0/admissionReviewVersions': ['v1', 'v1'] },
      ['webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version'],
    ],
    [
      {
        '/webhooks/0/matchConditions': [
          { name: 'x', expression: 'has(object.kind)' },
          { name: 'x', expression: 'true' },
        ],
      },
      ['webhooks[0].matchConditions[1].name: Duplicate value: "x"'],
    ],
    [
      { '/webhooks/0/matchConditions': [{ name: 'x', expression: '1' }] },
      ['webhooks[0].matchConditions[0].expression: Invalid value: "1": must evaluate to bool but got int'],
    ],
    [{ '/webhooks/0/timeoutSeconds': 30 }, []],
  ],
});
