import type { FieldSpec } from './field-spec.ts';
import type { GvkSelector } from './resource-id.ts';

/** Which fields hold the names of objects of a kind. */
export interface NameReference extends GvkSelector {
  readonly fieldSpecs?: readonly FieldSpec[];
}

/** Which fields each change touches. */
export interface TransformerConfig {
  readonly namePrefix: readonly FieldSpec[];
  readonly nameSuffix: readonly FieldSpec[];
  readonly namespace: readonly FieldSpec[];
  readonly commonLabels: readonly FieldSpec[];
  readonly labels: readonly FieldSpec[];
  readonly templateLabels: readonly FieldSpec[];
  readonly commonAnnotations: readonly FieldSpec[];
  readonly nameReference: readonly NameReference[];
  readonly varReference: readonly FieldSpec[];
  readonly images: readonly FieldSpec[];
  readonly replicas: readonly FieldSpec[];
}

type Spec = readonly [path: string, selector?: GvkSelector];

const specs = (entries: readonly Spec[], create = false): FieldSpec[] =>
  entries.map(([path, selector]) => ({ path, ...selector, ...(create ? { create } : {}) }));
const kinds = (...names: readonly string[]): readonly GvkSelector[] => names.map((kind) => ({ kind }));
const apps = (kind: string): GvkSelector => ({ group: 'apps', kind });
const batch = (kind: string): GvkSelector => ({ group: 'batch', kind });
const networkPolicy: GvkSelector = { group: 'networking.k8s.io', kind: 'NetworkPolicy' };
const replicationController: GvkSelector = { version: 'v1', kind: 'ReplicationController' };

const podTemplate = 'spec/template';
const cronPodTemplate = 'spec/jobTemplate/spec/template';

const templateMetadata = (field: string, statefulSet: GvkSelector): Spec[] => [
  [`metadata/${field}`],
  [`${podTemplate}/metadata/${field}`, replicationController],
  ...kinds('Deployment', 'ReplicaSet', 'DaemonSet').map((kind): Spec => [`${podTemplate}/metadata/${field}`, kind]),
  [`${podTemplate}/metadata/${field}`, statefulSet],
  [`${podTemplate}/metadata/${field}`, batch('Job')],
  [`spec/jobTemplate/metadata/${field}`, batch('CronJob')],
  [`${cronPodTemplate}/metadata/${field}`, batch('CronJob')],
];

const metadataLabels = specs(
  [
    ...templateMetadata('labels', apps('StatefulSet')),
    ['spec/volumeClaimTemplates[]/metadata/labels', apps('StatefulSet')],
  ],
  true,
);

const affinityTerms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
  `affinity/${kind}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm`,
  `affinity/${kind}/requiredDuringSchedulingIgnoredDuringExecution`,
]);

const selectors: readonly FieldSpec[] = [
  ...specs(
    [
      ['spec/selector', { version: 'v1', kind: 'Service' }],
      ['spec/selector', replicationController],
      ...kinds('Deployment', 'ReplicaSet', 'DaemonSet').map((kind): Spec => ['spec/selector/matchLabels', kind]),
      ['spec/selector/matchLabels', apps('StatefulSet')],
    ],
    true,
  ),
  ...specs(
    ['Deployment', 'StatefulSet'].flatMap((kind) =>
      [...affinityTerms, 'topologySpreadConstraints'].map((term): Spec => [
        `${podTemplate}/spec/${term}/labelSelector/matchLabels`,
        apps(kind),
      ]),
    ),
  ),
  ...specs([
    ['spec/selector/matchLabels', batch('Job')],
    ['spec/jobTemplate/spec/selector/matchLabels', batch('CronJob')],
    ['spec/selector/matchLabels', { group: 'policy', kind: 'PodDisruptionBudget' }],
    ['spec/podSelector/matchLabels', networkPolicy],
    ['spec/ingress/from/podSelector/matchLabels', networkPolicy],
    ['spec/egress/to/podSelector/matchLabels', networkPolicy],
  ]),
];

/** Where each kind has its pod specs. */
const podSpecs: readonly (readonly [GvkSelector, string])[] = [
  [{ version: 'v1', kind: 'Pod' }, 'spec'],
  [{ kind: 'PodTemplate' }, 'template/spec'],
  ...kinds('Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job').map(
    (kind): readonly [GvkSelector, string] => [kind, `${podTemplate}/spec`],
  ),
  [{ kind: 'CronJob' }, `${cronPodTemplate}/spec`],
];

const inPodSpecs = (...fields: readonly string[]): Spec[] =>
  podSpecs.flatMap(([kind, path]) => fields.map((field): Spec => [`${path}/${field}`, kind]));

/** The kinds that name service accounts, claims and priority classes in their pod specs. */
const inOwnersPodSpecs = (field: string): Spec[] => [
  [`spec/${field}`, { kind: 'Pod' }],
  ...kinds('StatefulSet', 'Deployment', 'ReplicationController', 'Job', 'DaemonSet').map((kind): Spec => [
    `${podTemplate}/spec/${field}`,
    kind,
  ]),
  [`${cronPodTemplate}/spec/${field}`, { kind: 'CronJob' }],
];

const inContainers = (source: string): string[] => [
  `containers/env/valueFrom/${source}KeyRef/name`,
  `initContainers/env/valueFrom/${source}KeyRef/name`,
  `containers/envFrom/${source}Ref/name`,
  `initContainers/envFrom/${source}Ref/name`,
];

const rbac = (kind: string): GvkSelector => ({ group: 'rbac.authorization.k8s.io', kind });
const admission = (kind: string): GvkSelector => ({ group: 'admissionregistration.k8s.io', kind });
const ingress: GvkSelector = { kind: 'Ingress' };
const storageClass: GvkSelector = { kind: 'StorageClass' };
const resourceNames: readonly Spec[] = kinds('Role', 'ClusterRole').map((kind): Spec => ['rules/resourceNames', kind]);

const nameReference: readonly NameReference[] = [
  ...kinds('Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet').map((kind) => ({
    ...kind,
    fieldSpecs: specs([['spec/scaleTargetRef/name', { kind: 'HorizontalPodAutoscaler' }]]),
  })),
  {
    kind: 'ConfigMap',
    version: 'v1',
    fieldSpecs: specs([
      ...inPodSpecs('volumes/configMap/name', ...inContainers('configMap'), 'volumes/projected/sources/configMap/name'),
      ['spec/configSource/configMap', { kind: 'Node' }],
      ...resourceNames,
      ['metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap', ingress],
    ]),
  },
  {
    kind: 'Secret',
    version: 'v1',
    fieldSpecs: specs([
      ...inPodSpecs(
        'volumes/secret/secretName',
        ...inContainers('secret'),
        'imagePullSecrets/name',
        'volumes/projected/sources/secret/name',
      ),
      ['spec/tls/secretName', ingress],
      ['metadata/annotations/ingress.kubernetes.io\\/auth-secret', ingress],
      ['metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret', ingress],
      ['metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret', ingress],
      ['imagePullSecrets/name', { kind: 'ServiceAccount' }],
      ['parameters/secretName', storageClass],
      ['parameters/adminSecretName', storageClass],
      ['parameters/userSecretName', storageClass],
      ['parameters/secretRef', storageClass],
      ...resourceNames,
      [
        `${podTemplate}/spec/containers/env/valueFrom/secretKeyRef/name`,
        { kind: 'Service', group: 'serving.knative.dev', version: 'v1' },
      ],
      ['spec/azureFile/secretName', { kind: 'PersistentVolume' }],
    ]),
  },
  {
    kind: 'Service',
    version: 'v1',
    fieldSpecs: specs([
      ['spec/serviceName', apps('StatefulSet')],
      ['spec/rules/http/paths/backend/serviceName', ingress],
      ['spec/backend/serviceName', ingress],
      ['spec/rules/http/paths/backend/service/name', ingress],
      ['spec/defaultBackend/service/name', ingress],
      ['spec/service/name', { kind: 'APIService', group: 'apiregistration.k8s.io' }],
      ['webhooks/clientConfig/service', admission('ValidatingWebhookConfiguration')],
      ['webhooks/clientConfig/service', admission('MutatingWebhookConfiguration')],
    ]),
  },
  { ...rbac('Role'), fieldSpecs: specs([['roleRef/name', rbac('RoleBinding')]]) },
  {
    ...rbac('ClusterRole'),
    fieldSpecs: specs([
      ['roleRef/name', rbac('RoleBinding')],
      ['roleRef/name', rbac('ClusterRoleBinding')],
    ]),
  },
  {
    kind: 'ServiceAccount',
    version: 'v1',
    fieldSpecs: specs([
      ['subjects', rbac('RoleBinding')],
      ['subjects', rbac('ClusterRoleBinding')],
      ...inOwnersPodSpecs('serviceAccountName'),
    ]),
  },
  {
    kind: 'PersistentVolumeClaim',
    version: 'v1',
    fieldSpecs: specs(inOwnersPodSpecs('volumes/persistentVolumeClaim/claimName')),
  },
  {
    kind: 'PersistentVolume',
    version: 'v1',
    fieldSpecs: specs([
      ['spec/volumeName', { kind: 'PersistentVolumeClaim' }],
      ['rules/resourceNames', { kind: 'ClusterRole' }],
    ]),
  },
  {
    kind: 'StorageClass',
    version: 'v1',
    group: 'storage.k8s.io',
    fieldSpecs: specs([
      ['spec/storageClassName', { kind: 'PersistentVolume' }],
      ['spec/storageClassName', { kind: 'PersistentVolumeClaim' }],
      ['spec/volumeClaimTemplates/spec/storageClassName', { kind: 'StatefulSet' }],
    ]),
  },
  {
    kind: 'PriorityClass',
    version: 'v1',
    group: 'scheduling.k8s.io',
    fieldSpecs: specs(inOwnersPodSpecs('priorityClassName')),
  },
  {
    kind: 'IngressClass',
    version: 'v1',
    // What kustomize says, though no group is called so: these references are never followed.
    group: 'networking.k8s.io/v1',
    fieldSpecs: specs([['spec/ingressClassName', ingress]]),
  },
  {
    ...admission('ValidatingAdmissionPolicy'),
    fieldSpecs: specs([['spec/policyName', admission('ValidatingAdmissionPolicyBinding')]]),
  },
];

const containerFields = ['containers', 'initContainers'].flatMap((containers) =>
  ['args', 'command', 'env/value', 'volumeMounts/mountPath'].map((field) => `${containers}/${field}`),
);
const variableFields = [...containerFields, 'volumes/nfs/server'];

const varReference = specs([
  ...containerFields.map((field): Spec => [`${cronPodTemplate}/spec/${field}`, { kind: 'CronJob' }]),
  [`${cronPodTemplate}/volumes/nfs/server`, { kind: 'CronJob' }],
  ...kinds('DaemonSet', 'Deployment', 'Job', 'ReplicaSet').flatMap((kind) =>
    variableFields.map((field): Spec => [`${podTemplate}/spec/${field}`, kind]),
  ),
  [`${podTemplate}/metadata/annotations`, { kind: 'Deployment' }],
  ['spec/rules/host', ingress],
  ['spec/tls/hosts', ingress],
  ['spec/tls/secretName', ingress],
  ...variableFields.map((field): Spec => [`spec/${field}`, { kind: 'Pod' }]),
  ['spec/ports/port', { kind: 'Service' }],
  ['spec/ports/targetPort', { kind: 'Service' }],
  ...containerFields.map((field): Spec => [`${podTemplate}/spec/${field}`, { kind: 'StatefulSet' }]),
  ['spec/volumeClaimTemplates/spec/nfs/server', { kind: 'StatefulSet' }],
  ['spec/nfs/server', { kind: 'PersistentVolume' }],
  ['metadata/labels'],
  ['metadata/annotations'],
]);

const imageFields = ['containers[]/image', 'initContainers[]/image', 'volumes[]/image/reference'];

/** What kustomize 5.8 changes without being told; `configurations` and `crds` add to it. */
export const defaultFieldSpecs: TransformerConfig = {
  namePrefix: specs([['metadata/name']]),
  nameSuffix: specs([['metadata/name']]),
  namespace: [
    ...specs(
      [
        ['metadata/name', { kind: 'Namespace' }],
        ['spec/service/namespace', { group: 'apiregistration.k8s.io', kind: 'APIService' }],
      ],
      true,
    ),
    ...specs([
      [
        'spec/conversion/webhook/clientConfig/service/namespace',
        { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
      ],
    ]),
  ],
  commonLabels: [...selectors, ...metadataLabels],
  labels: [],
  templateLabels: metadataLabels,
  commonAnnotations: specs(templateMetadata('annotations', { kind: 'StatefulSet' }), true),
  nameReference,
  varReference,
  images: specs(
    [
      ...imageFields.map((field): Spec => [`spec/${field}`]),
      ...imageFields.map((field): Spec => [`${podTemplate}/spec/${field}`]),
    ],
    true,
  ),
  replicas: specs(
    kinds('Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet').map((kind): Spec => [
      'spec/replicas',
      kind,
    ]),
    true,
  ),
};
