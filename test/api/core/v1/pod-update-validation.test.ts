import { describeValidation } from '../../../support/validation-cases.ts';

const onlyThese =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

// What is different is shown as the real server shows it: by the names its own types have, as a unified diff.
describeValidation({
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespace: 'default',
  base: { spec: { containers: [{ name: 'c', image: 'img' }], schedulerName: 'none', activeDeadlineSeconds: 20 } },
  update: [
    [{ '/spec/containers/0/image': 'img2' }, []],
    [
      { '/spec/containers/0/image': '' },
      ['spec.containers[0].image: Required value', 'spec.containers[0].image: Required value'],
    ],
    [{ '/spec/activeDeadlineSeconds': 10 }, []],
    [
      { '/spec/activeDeadlineSeconds': 30 },
      ['spec.activeDeadlineSeconds: Invalid value: 30: must be less than or equal to previous value'],
    ],
    [
      { '/spec/activeDeadlineSeconds': undefined },
      ['spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value'],
    ],
    [{ '/metadata/labels': { a: 'b' } }, []],
    [{ '/metadata/finalizers': ['example.com/x'] }, []],
    [
      {
        '/spec/containers': [
          { name: 'c', image: 'img' },
          { name: 'z', image: 'z' },
        ],
      },
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      { '/spec/schedulingGates': [{ name: 'g' }] },
      ["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'g'"],
    ],
    [
      { '/spec/hostname': 'h' },
      [
        `${onlyThese}
@@ -64,7 +64,7 @@
   "SELinuxChangePolicy": null
  },
  "ImagePullSecrets": null,
- "Hostname": "",
+ "Hostname": "h",
  "Subdomain": "",
  "SetHostnameAsFQDN": null,
  "Affinity": null,
`,
      ],
    ],
    [
      { '/spec/nodeSelector': { a: 'b' } },
      [
        `${onlyThese}
@@ -39,7 +39,9 @@
  "TerminationGracePeriodSeconds": 30,
  "ActiveDeadlineSeconds": 20,
  "DNSPolicy": "ClusterFirst",
- "NodeSelector": null,
+ "NodeSelector": {
+  "a": "b"
+ },
  "ServiceAccountName": "",
  "AutomountServiceAccountToken": null,
  "NodeName": "",
`,
      ],
    ],
  ],
});
