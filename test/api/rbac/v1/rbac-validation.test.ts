import { describeValidation } from '../../../support/validation-cases.ts';

describeValidation({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  resource: 'roles',
  namespace: 'default',
  create: [
    [
      { rules: [{ verbs: [] }] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      { rules: [{ apiGroups: [''], verbs: ['get'] }] },
      ['rules[0].resources: Required value: resource rules must supply at least one resource'],
    ],
    [
      { rules: [{}] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [{ rules: null }, []],
  ],
});

describeValidation({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  resource: 'clusterroles',
  create: [
    [
      { rules: [{ apiGroups: [''], nonResourceURLs: ['/x'], resources: ['y'], verbs: ['get'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      { aggregationRule: { clusterRoleSelectors: [] }, rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] },
      [
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    [{ rules: [{ nonResourceURLs: ['x'], verbs: ['get'] }] }, []],
  ],
});

describeValidation({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  resource: 'rolebindings',
  namespace: 'default',
  create: [
    [
      { subjects: [{ kind: 'User', name: 'zed' }] },
      ['roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"', 'roleRef.name: Required value'],
    ],
    [
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Zork', name: 'r' },
        subjects: [{ kind: 'User', name: 'zed' }],
      },
      ['roleRef.kind: Unsupported value: "Zork": supported values: "Role", "ClusterRole"'],
    ],
    [
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a/b' },
        subjects: [{ kind: 'User', name: 'zed' }],
      },
      ['roleRef.name: Invalid value: "a/b": may not contain \'/\''],
    ],
    [
      { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' }, subjects: [{ kind: 'User' }] },
      ['subjects[0].name: Required value'],
    ],
    [
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', name: 'x' }],
      },
      [],
    ],
    [
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
        subjects: [{ kind: 'Group', name: 'g', namespace: 'n' }],
      },
      [],
    ],
    [{ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' } }, []],
  ],
  base: {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    subjects: [{ kind: 'User', name: 'zed' }],
  },
  update: [
    [
      { '/metadata/resourceVersion': undefined, '/roleRef/name': 'zz' },
      [
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"zz"}: cannot change roleRef',
      ],
    ],
    [{ '/metadata/resourceVersion': undefined, '/subjects': [] }, []],
  ],
});
