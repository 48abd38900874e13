import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  namespace: 'default',
  create: [
    [
      { spec: { limits: [{ type: 'Zork' }] } },
      ['spec.limits[0].type: Invalid value: "Zork": must be a standard limit type or fully qualified'],
    ],
    [
      { spec: { limits: [{ max: { cpu: '1' }, min: { cpu: '2' }, type: 'Container' }] } },
      [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
        'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
      ],
    ],
    [
      { spec: { limits: [{ default: { cpu: '1' }, defaultRequest: { cpu: '5' }, type: 'Container' }] } },
      [
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "5": default request value 5 is greater than default limit value 1',
      ],
    ],
    [
      { spec: { limits: [{ default: { cpu: '1' }, type: 'Pod' }] } },
      ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
    ],
    [
      {
        spec: {
          limits: [{ max: { cpu: '4' }, maxLimitRequestRatio: { cpu: '3' }, min: { cpu: '2' }, type: 'Container' }],
        },
      },
      ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000'],
    ],
    [
      {
        spec: {
          limits: [
            { max: { cpu: '1' }, type: 'Pod' },
            { max: { cpu: '2' }, type: 'Pod' },
          ],
        },
      },
      ['spec.limits[1].type: Duplicate value: "Pod"'],
    ],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  namespace: 'default',
  create: [
    [{ spec: { hard: { pods: '-1' } } }, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']],
    [{ spec: { hard: { pods: '1.5' } } }, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']],
    [
      { spec: { hard: { 'count/widgets.x': '5' }, scopes: ['Zork'] } },
      ['spec.scopes: Invalid value: ["Zork"]: unsupported scope'],
    ],
    [
      { spec: { hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] } },
      ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
    ],
    [
      { spec: { hard: { pods: '1' }, scopes: ['Terminating', 'NotTerminating'] } },
      ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
    ],
    [
      {
        spec: {
          hard: { 'count/widgets.x': '5' },
          scopeSelector: { matchExpressions: [{ operator: 'Exists', scopeName: 'PriorityClass', values: ['x'] }] },
        },
      },
      [
        "spec.scopeSelector.matchExpressions.values: Invalid value: [\"x\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
      ],
    ],
    [
      {
        spec: {
          hard: { 'count/widgets.x': '5' },
          scopeSelector: { matchExpressions: [{ operator: 'Exists', scopeName: 'Zork' }] },
        },
      },
      ['spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Zork": unsupported scope'],
    ],
    [{ spec: { hard: { 'limits.example.com/gpu': '1' } } }, []],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespace: 'default',
  create: [
    [{ data: { '..': 'YQ==' } }, ['data[..]: Invalid value: "..": must not be \'..\'']],
    [{ data: { a: 'YQ==' }, stringData: { a: 'override', x: 'y' } }, []],
    [
      { data: { a: 'YQ==' }, type: 'kubernetes.io/tls' },
      ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
    ],
    [
      { data: { '.dockerconfigjson': 'bm90anNvbg==' }, type: 'kubernetes.io/dockerconfigjson' },
      [
        "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\": invalid character 'o' in literal null (expecting 'u')",
      ],
    ],
    [
      { data: { a: 'YQ==' }, type: 'kubernetes.io/basic-auth' },
      ['data[username]: Required value', 'data[password]: Required value'],
    ],
    [{ data: { a: 'YQ==' }, type: 'kubernetes.io/ssh-auth' }, ['data[ssh-privatekey]: Required value']],
    [
      {
        data: { a: 'YQ==' },
        metadata: { annotations: { 'kubernetes.io/service-account.name': 'nonesuch' } },
        type: 'kubernetes.io/service-account-token',
      },
      [],
    ],
    [{ data: { a: 'YQ==' }, type: 'bootstrap.kubernetes.io/token' }, []],
    [
      {
        data: {
          xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:
            'YQ==',
        },
      },
      [
        `data[${'x'.repeat(254)}]: Invalid value: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": must be no more than 253 characters`,
      ],
    ],
    [{ data: null }, []],
  ],
  base: { data: { a: 'YQ==' } },
  update: [
    [{ '/metadata/resourceVersion': undefined, '/type': 'zork' }, ['type: Invalid value: "zork": field is immutable']],
    [{ '/metadata/resourceVersion': undefined, '/data': { b: 'Yg==' } }, []],
    [{ '/metadata/resourceVersion': undefined, '/metadata/labels': { q: 'r' } }, []],
    [{ '/metadata/resourceVersion': undefined, '/stringData': { z: 'y' } }, []],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  create: [
    [{ metadata: { name: 'a.b' } }, ['metadata.name: Invalid value: "a.b": must not contain dots']],
    [
      { spec: { finalizers: ['zork'] } },
      ['spec.finalizers: Invalid value: "zork": name is neither a standard finalizer name nor is it fully qualified'],
    ],
    [{ metadata: { labels: { 'kubernetes.io/metadata.name': 'zork' } } }, []],
    [{ status: { phase: 'Terminating' } }, []],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'Node',
  resource: 'nodes',
  create: [
    [
      {
        spec: {
          taints: [
            { effect: 'NoSchedule', key: 'a' },
            { effect: 'NoSchedule', key: 'a', value: 'x' },
          ],
        },
      },
      [
        'metadata.taints[1]: Duplicate value: {"Key":"a","Value":"x","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
      ],
    ],
    [
      { spec: { podCIDRs: ['10.1.0.0/24', '10.2.0.0/24'] } },
      [
        'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family',
      ],
    ],
    [{ spec: { podCIDRs: ['10.1.0.0/24', 'fd00::/64'] } }, []],
    [{ spec: { configSource: {} } }, []],
  ],
  base: {},
  update: [[{ '/metadata/resourceVersion': undefined, '/spec/providerID': 'a://b' }, []]],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'Endpoints',
  resource: 'endpoints',
  namespace: 'default',
  create: [
    [{ subsets: [{}] }, ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`']],
    [
      { subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ port: 1 }] }] },
      [
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    [
      { subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 1 }, { port: 2 }] }] },
      ['subsets[0].ports[0].name: Required value', 'subsets[0].ports[1].name: Required value'],
    ],
    [
      {
        subsets: [
          {
            addresses: [{ hostname: 'Bad_', ip: '10.1.1.1', nodeName: 'Bad_' }],
            ports: [{ name: 'Bad_', port: 1, protocol: 'X' }],
          },
        ],
      },
      [
        "subsets[0].addresses[0].hostname: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        "subsets[0].addresses[0].nodeName: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        "subsets[0].ports[0].name: Invalid value: \"Bad_\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'subsets[0].ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
      ],
    ],
    [{ subsets: [{ notReadyAddresses: [{ ip: '10.1.1.1' }] }] }, []],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'Event',
  resource: 'events',
  namespace: 'default',
  create: [
    [
      { involvedObject: { kind: 'Pod', name: 'p', namespace: 'other' }, message: 'msg', reason: 'R' },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    [{ involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, message: 'x'.repeat(1100), reason: 'R' }, []],
    [{ involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, message: 'msg' }, []],
    [
      {
        action: 'Do',
        eventTime: '2020-01-01T00:00:00.000000Z',
        involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
        message: 'msg',
        reason: 'R',
        reportingComponent: 'a/b',
        reportingInstance: 'i',
        type: 'Normal',
      },
      [],
    ],
  ],
});

describeValidation({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  create: [
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { cpu: '1' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"'],
    ],
    [
      {
        spec: {
          accessModes: [],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.accessModes: Required value'],
    ],
    [
      {
        spec: {
          accessModes: ['Zork'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
        },
      },
      [
        'spec.accessModes: Unsupported value: "Zork": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      ],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          nfs: { path: '/p', server: 's' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.nfs: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          persistentVolumeReclaimPolicy: 'Zork',
          storageClassName: 'ns-none',
        },
      },
      [
        'spec.persistentVolumeReclaimPolicy: Unsupported value: "Zork": supported values: "Delete", "Recycle", "Retain"',
      ],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/' },
          persistentVolumeReclaimPolicy: 'Recycle',
          storageClassName: 'ns-none',
        },
      },
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
          volumeMode: 'Zork',
        },
      },
      ['spec.volumeMode: Unsupported value: "Zork": supported values: "Block", "Filesystem"'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          nodeAffinity: {},
          storageClassName: 'ns-none',
        },
      },
      ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          local: { path: '/x' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          csi: { driver: 'd.x', nodePublishSecretRef: { name: 'x' }, volumeHandle: 'h' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.csi.nodePublishSecretRef.namespace: Required value'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
        },
      },
      ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
    ],
    [
      {
        spec: {
          accessModes: ['ReadWriteOnce'],
          capacity: { storage: '1Gi' },
          claimRef: { name: 'x' },
          hostPath: { path: '/tmp/x' },
          storageClassName: 'ns-none',
        },
      },
      [],
    ],
  ],
  base: {
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/tmp/x' },
      storageClassName: 'ns-none',
    },
  },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/spec/hostPath/path': '/other' },
      [
        'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n@@ -2,7 +2,7 @@\n  "GCEPersistentDisk": null,\n  "AWSElasticBlockStore": null,\n  "HostPath": {\n-  "Path": "/tmp/x",\n+  "Path": "/other",\n   "Type": ""\n  },\n  "Glusterfs": null,\n',
      ],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/volumeMode': 'Block' },
      ['volumeMode: Invalid value: "Block": field is immutable'],
    ],
  ],
});
