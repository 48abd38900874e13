import type { AddonObject } from './addons.ts';

const name = 'metrics-server';
const namespace = 'kube-system';
const labels = { 'k8s-app': name };
const metadata = { name, namespace, labels };
const account = { kind: 'ServiceAccount', name, namespace };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const rbacVersion = 'rbac.authorization.k8s.io/v1';

function binding(bindingName: string, role: string): AddonObject {
  return {
    resource: { ...rbac, resource: 'clusterrolebindings' },
    object: {
      apiVersion: rbacVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: bindingName, labels },
      roleRef: { apiGroup: rbac.group, kind: 'ClusterRole', name: role },
      subjects: [account],
    },
  };
}

const deployment: AddonObject['object'] = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata,
  spec: {
    selector: { matchLabels: labels },
    strategy: { rollingUpdate: { maxUnavailable: 0 } },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        priorityClassName: 'system-cluster-critical',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        containers: [
          {
            name,
            image: 'registry.k8s.io/metrics-server/metrics-server:v0.8.0',
            imagePullPolicy: 'IfNotPresent',
            args: [
              '--secure-port=10250',
              '--cert-dir=/tmp',
              '--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname',
              '--kubelet-use-node-status-port',
              '--metric-resolution=15s',
            ],
            ports: [{ name: 'https', containerPort: 10_250, protocol: 'TCP' }],
            resources: { requests: { cpu: '100m', memory: '200Mi' } },
            readinessProbe: {
              httpGet: { path: '/readyz', port: 'https', scheme: 'HTTPS' },
              initialDelaySeconds: 15,
              periodSeconds: 5,
            },
            livenessProbe: { httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' }, periodSeconds: 10 },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
              readOnlyRootFilesystem: true,
              runAsNonRoot: true,
              runAsUser: 1000,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            volumeMounts: [{ name: 'tmp-dir', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp-dir', emptyDir: {} }],
      },
    },
  },
};

/** metrics-server, by the names that its own manifests have: `top` and autoscaling by processors and memory. */
export const metricsServerAddon: readonly AddonObject[] = [
  {
    resource: { group: '', version: 'v1', resource: 'serviceaccounts' },
    object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  },
  {
    resource: { ...rbac, resource: 'clusterroles' },
    object: {
      apiVersion: rbacVersion,
      kind: 'ClusterRole',
      metadata: {
        name: 'system:aggregated-metrics-reader',
        labels: {
          ...labels,
          'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
          'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
          'rbac.authorization.k8s.io/aggregate-to-view': 'true',
        },
      },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
  },
  {
    resource: { ...rbac, resource: 'clusterroles' },
    object: {
      apiVersion: rbacVersion,
      kind: 'ClusterRole',
      metadata: { name: 'system:metrics-server', labels },
      rules: [
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
    },
  },
  {
    resource: { ...rbac, resource: 'rolebindings' },
    object: {
      apiVersion: rbacVersion,
      kind: 'RoleBinding',
      metadata: { name: 'metrics-server-auth-reader', namespace, labels },
      roleRef: { apiGroup: rbac.group, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
      subjects: [account],
    },
  },
  binding('metrics-server:system:auth-delegator', 'system:auth-delegator'),
  binding('system:metrics-server', 'system:metrics-server'),
  {
    resource: { group: '', version: 'v1', resource: 'services' },
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: labels,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 'https', appProtocol: 'https' }],
      },
    },
  },
  { resource: { group: 'apps', version: 'v1', resource: 'deployments' }, object: deployment },
  {
    resource: { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices' },
    object: {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io', labels },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        service: { name, namespace },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  },
];
