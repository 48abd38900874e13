import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  create: [
    [{}, ['provisioner: Required value']],
    [
      { parameters: { '': 'x' }, provisioner: 'example.com/p' },
      ['parameters: Invalid value: "": field can not be empty.'],
    ],
    [
      { provisioner: 'example.com/p', reclaimPolicy: 'Recycle' },
      ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
    ],
    [
      { provisioner: 'example.com/p', volumeBindingMode: 'Zork' },
      ['volumeBindingMode: Unsupported value: "Zork": supported values: "Immediate", "WaitForFirstConsumer"'],
    ],
    [
      { provisioner: 'example.com/p', volumeBindingMode: '' },
      ['volumeBindingMode: Unsupported value: "": supported values: "Immediate", "WaitForFirstConsumer"'],
    ],
    [
      {
        allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: ['x', 'x'] }] }],
        provisioner: 'example.com/p',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
      ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "x"'],
    ],
  ],
  base: { provisioner: 'example.com/p' },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/provisioner': 'x.y/z' },
      ['provisioner: Invalid value: "x.y/z": field is immutable'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/reclaimPolicy': 'Retain' },
      ['reclaimPolicy: Invalid value: "Retain": field is immutable'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/volumeBindingMode': 'WaitForFirstConsumer' },
      ['volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable'],
    ],
    [{ '/metadata/resourceVersion': undefined, '/mountOptions': ['a'] }, []],
  ],
});

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  resource: 'csidrivers',
  create: [
    [
      { metadata: { name: 'Bad_' }, spec: {} },
      [
        "metadata.name: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [
      { spec: { fsGroupPolicy: 'Zork' } },
      ['spec.fsGroupPolicy: Unsupported value: "Zork": supported values: "File", "None", "ReadWriteOnceWithFSType"'],
    ],
    [
      { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 5 }] } },
      ['spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes'],
    ],
    [{ spec: { podInfoOnMount: true, requiresRepublish: true } }, []],
  ],
  base: { spec: {} },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/spec/attachRequired': false },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/volumeLifecycleModes': ['Ephemeral'] },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/spec/fsGroupPolicy': 'File' },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
  ],
});

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  resource: 'csinodes',
  create: [
    [{ spec: { drivers: [{ name: 'd.example.com', nodeID: '' }] } }, ['spec.drivers[0].nodeID: Required value']],
    [
      {
        spec: {
          drivers: [
            { name: 'd.example.com', nodeID: 'n1' },
            { name: 'd.example.com', nodeID: 'x' },
          ],
        },
      },
      ['spec.drivers[1].name: Duplicate value: "d.example.com"'],
    ],
    [
      { spec: { drivers: [{ allocatable: { count: -1 }, name: 'd.example.com', nodeID: 'n1' }] } },
      ['spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [{ spec: {} }, []],
  ],
});

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIStorageCapacity',
  resource: 'csistoragecapacities',
  namespace: 'default',
  create: [
    [
      { capacity: '1Gi', storageClassName: '' },
      [
        "storageClassName: Invalid value: \"\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
      ],
    ],
    [{ capacity: '1Gi', maximumVolumeSize: '-1', storageClassName: 'sc' }, []],
    [{ storageClassName: 'sc' }, []],
  ],
});

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  create: [
    [
      { spec: { attacher: '', nodeName: 'n', source: { persistentVolumeName: 'pv' } } },
      ['spec.attacher: Required value'],
    ],
    [
      { spec: { attacher: 'a.example.com', nodeName: 'n', source: {} } },
      ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
    [
      {
        spec: {
          attacher: 'a.example.com',
          nodeName: 'n',
          source: {
            inlineVolumeSpec: {
              accessModes: ['ReadWriteOnce'],
              capacity: { storage: '1' },
              csi: { driver: 'd', volumeHandle: 'h' },
            },
            persistentVolumeName: 'a',
          },
        },
      },
      ['spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
  ],
  base: { spec: { attacher: 'a.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } } },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/spec/nodeName': 'z' },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
    [
      { '/metadata/resourceVersion': undefined, '/metadata/labels': { a: 'b' } },
      ['metadata.resourceVersion: Invalid value: 0: must be specified for an update'],
    ],
  ],
});

describeValidation({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'VolumeAttributesClass',
  resource: 'volumeattributesclasses',
  create: [
    [{ driverName: '', parameters: { a: 'b' } }, ['driverName: Required value']],
    [
      { driverName: 'd.example.com', parameters: {} },
      ['parameters: Required value: must contain at least one key/value pair'],
    ],
    [{ driverName: 'd.example.com' }, ['parameters: Required value: must contain at least one key/value pair']],
  ],
});
