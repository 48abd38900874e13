import { describeValidation } from '../../../support/validation-cases.ts';

const notARequest =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const qualified =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const perDevice = 'if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaim',
  resource: 'resourceclaims',
  namespace: 'default',
  create: [
    [
      { spec: { devices: { requests: [{ name: 'r' }] } } },
      ['spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required'],
    ],
    [
      { spec: { devices: { requests: [{ exactly: { count: -1, deviceClassName: 'dc' }, name: 'r' }] } } },
      ['spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero'],
    ],
    [
      {
        spec: {
          devices: { requests: [{ exactly: { allocationMode: 'All', count: 2, deviceClassName: 'dc' }, name: 'r' }] },
        },
      },
      ["spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'"],
    ],
    [
      { spec: { devices: { requests: [{ exactly: { deviceClassName: 'dc' }, name: 'Bad_' }] } } },
      [
        "spec.devices.requests[0].name: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [
      { spec: { devices: { constraints: [{}], requests: [{ exactly: { deviceClassName: 'dc' }, name: 'r' }] } } },
      [
        'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
      ],
    ],
    [
      { spec: { devices: { requests: [{ exactly: { deviceClassName: 'dc', selectors: [{}] }, name: 'r' }] } } },
      ['spec.devices.requests[0].exactly.selectors[0].cel: Required value'],
    ],
    [
      {
        spec: {
          devices: {
            requests: [
              { exactly: { deviceClassName: 'dc' }, firstAvailable: [{ deviceClassName: 'x', name: 's' }], name: 'r' },
            ],
          },
        },
      },
      [
        'spec.devices.requests[0]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
      ],
    ],
    [{}, []],
    [
      {
        spec: {
          devices: {
            requests: [{ exactly: { deviceClassName: 'dc', tolerations: [{ operator: 'Zork' }] }, name: 'r' }],
          },
        },
      },
      [
        'spec.devices.requests[0].exactly.tolerations[0].operator: Unsupported value: "Zork": supported values: "Equal", "Exists"',
      ],
    ],
  ],
  base: { spec: { devices: { requests: [{ exactly: { deviceClassName: 'dc' }, name: 'r' }] } } },
  update: [
    [
      { '/spec/devices/requests/0/name': 'zz' },
      [
        'spec: Invalid value: {"Devices":{"Requests":[{"Name":"zz","Exactly":{"DeviceClassName":"dc","Selectors":null,"AllocationMode":"ExactCount","Count":1,"AdminAccess":null,"Tolerations":null,"Capacity":null},"FirstAvailable":null}],"Constraints":null,"Config":null}}: field is immutable',
      ],
    ],
    [{ '/metadata/labels': { a: 'b' } }, []],
  ],
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  create: [
    [
      {
        spec: { devices: [{ name: 'dev0' }], nodeName: 'n', pool: { generation: 1, name: 'p', resourceSliceCount: 1 } },
      },
      ['spec.driver: Required value'],
    ],
    [
      {
        spec: {
          allNodes: true,
          devices: [{ name: 'dev0' }],
          driver: 'd.example.com',
          nodeName: 'n',
          pool: { generation: 1, name: 'p', resourceSliceCount: 1 },
        },
      },
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
      ],
    ],
    [
      {
        spec: {
          devices: [{ name: 'dev0' }],
          driver: 'd.example.com',
          nodeName: 'n',
          pool: { generation: 1, name: 'p', resourceSliceCount: 0 },
        },
      },
      ['spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero'],
    ],
    [
      {
        spec: {
          devices: [{ name: 'Bad_' }],
          driver: 'd.example.com',
          nodeName: 'n',
          pool: { generation: 1, name: 'p', resourceSliceCount: 1 },
        },
      },
      [
        "spec.devices[0].name: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ],
    ],
    [
      {
        spec: {
          devices: [{ attributes: { x: {} }, name: 'a' }],
          driver: 'd.example.com',
          nodeName: 'n',
          pool: { generation: 1, name: 'p', resourceSliceCount: 1 },
        },
      },
      ['spec.devices[0].attributes[x]: Invalid value: "": exactly one value must be specified'],
    ],
    [
      {
        spec: {
          devices: [{ capacity: { m: { value: '1Gi' } }, name: 'a' }],
          driver: 'd.example.com',
          nodeName: 'n',
          pool: { generation: 1, name: 'p', resourceSliceCount: 1 },
        },
      },
      [],
    ],
  ],
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  base: { spec: {} },
  update: [
    [
      { '/spec/selectors': [{ cel: { expression: 'device.driver ==' } }] },
      [
        "spec.selectors[0].cel.expression: Invalid value: \"device.driver ==\": compilation failed: ERROR: <input>:1:17: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | device.driver ==\n | ................^",
      ],
    ],
    [{ '/spec/config': [{}] }, ['spec.config[0].opaque: Required value']],
  ],
});

// Rules that no recording shows.
describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  namespace: 'default',
  create: [
    [
      {
        spec: {
          spec: {
            devices: {
              requests: [
                {
                  name: 'r',
                  firstAvailable: [
                    { name: 'a', deviceClassName: '' },
                    { name: 'a', deviceClassName: 'x' },
                  ],
                },
              ],
            },
          },
        },
      },
      [
        'spec.spec.devices.requests[0].firstAvailable[0].deviceClassName: Required value',
        'spec.spec.devices.requests[0].firstAvailable[1]: Duplicate value: "a"',
      ],
    ],
    [
      {
        spec: {
          spec: {
            devices: {
              requests: [
                {
                  name: 'r',
                  exactly: { deviceClassName: 'x', tolerations: [{ operator: 'Exists', value: 'v', effect: 'Zork' }] },
                },
              ],
              constraints: [{ matchAttribute: 'plain', requests: ['r', 'other'] }],
            },
          },
        },
      },
      [
        'spec.spec.devices.requests[0].exactly.tolerations[0].value: Invalid value: "v": must be empty for operator `Exists`',
        'spec.spec.devices.requests[0].exactly.tolerations[0].effect: Unsupported value: "Zork": supported values: "NoExecute", "NoSchedule", "None"',
        `spec.spec.devices.constraints[0].requests[1]: Invalid value: "other": ${notARequest}`,
        'spec.spec.devices.constraints[0].matchAttribute: Invalid value: "plain": a fully qualified name must be a domain and a name separated by a slash',
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'DeviceClass',
  resource: 'deviceclasses',
  create: [
    [
      { spec: { selectors: [{ cel: { expression: '"a"' } }] } },
      [
        'spec.selectors[0].cel.expression: Invalid value: "\\"a\\"": must evaluate to bool or the unknown type, not string',
      ],
    ],
    [
      {
        spec: {
          selectors: [
            {
              cel: {
                expression:
                  'device.attributes["d.example.com"].x == 1 && device.capacity["d.example.com"].m.isGreaterThan(quantity("1Gi"))',
              },
            },
          ],
        },
      },
      [],
    ],
    [
      {
        spec: {
          config: [{ opaque: { driver: 'd.example.com', parameters: {} } }],
          extendedResourceName: 'example.com/gpu',
        },
      },
      [],
    ],
    [
      { spec: { extendedResourceName: 'gpu' } },
      ['spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name'],
    ],
  ],
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  base: {
    spec: {
      devices: [{ name: 'dev0' }],
      driver: 'd.example.com',
      nodeName: 'n',
      pool: { generation: 1, name: 'p', resourceSliceCount: 1 },
    },
  },
  update: [
    [{ '/spec/nodeName': 'm' }, ['spec.nodeName: Invalid value: "m": field is immutable']],
    [{ '/spec/driver': 'e.example.com' }, ['spec.driver: Invalid value: "e.example.com": field is immutable']],
    [{ '/spec/pool/generation': 2 }, []],
    [
      { '/spec/devices/0/taints': [{ key: '', effect: 'Zork' }] },
      [
        'spec.devices[0].taints[0].key: Invalid value: "": name part must be non-empty',
        `spec.devices[0].taints[0].key: Invalid value: "": name part ${qualified}`,
        'spec.devices[0].taints[0].effect: Unsupported value: "Zork": supported values: "NoExecute", "NoSchedule", "None"',
      ],
    ],
  ],
});

const pool = { name: 'p', generation: 1, resourceSliceCount: 1 };
const slice = (spec: object): { readonly spec: object } => ({
  spec: { driver: 'd.example.com', nodeName: 'n', pool, ...spec },
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceSlice',
  resource: 'resourceslices',
  create: [
    [slice({ devices: [{ name: 'a' }, { name: 'a' }] }), ['spec.devices[1]: Duplicate value: "a"']],
    [
      slice({ devices: [{ name: 'a', nodeName: '' }] }),
      [
        `spec.devices[0]: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set ${perDevice}`,
      ],
    ],
    [
      slice({ devices: [{ name: 'a', attributes: { x: { int: 0, version: '1.2.3' } } }] }),
      [
        'spec.devices[0].attributes[x]: Invalid value: {"IntValue":0,"BoolValue":null,"StringValue":null,"VersionValue":"1.2.3","IntValues":null,"BoolValues":null,"StringValues":null,"VersionValues":null}: exactly one value must be specified',
      ],
    ],
    [
      slice({ devices: [{ name: 'a', bindingConditions: ['a/b'] }] }),
      [
        'spec.devices[0].bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions',
      ],
    ],
    [
      slice({ devices: [{ name: 'a', consumesCounters: [{}] }] }),
      [
        'spec.devices[0].consumesCounters[0].counterSet: Required value',
        'spec.devices[0].consumesCounters[0].counters: Required value',
      ],
    ],
    [
      slice({ devices: [{ name: 'a', capacity: { mem: { value: '4Gi', requestPolicy: { default: '1Gi' } } } }] }),
      ['spec.devices[0].capacity[mem].requestPolicy: Forbidden: allowMultipleAllocations must be true'],
    ],
    [
      slice({ sharedCounters: [{}] }),
      ['spec.sharedCounters[0].name: Required value', 'spec.sharedCounters[0].counters: Required value'],
    ],
    [
      slice({ nodeName: undefined, nodeSelector: {}, devices: [{ name: 'a' }] }),
      [
        'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
        'spec.nodeSelector.nodeSelectorTerms: Invalid value: null: must have exactly one node selector term',
      ],
    ],
  ],
});

describeValidation({
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  namespace: 'default',
  create: [
    [
      {
        spec: {
          metadata: { name: 'a' },
          spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'd' } }] } },
        },
      },
      ['spec.metadata.name: Forbidden: cannot be set'],
    ],
  ],
});
