import type { AddonObject } from './addons.ts';

const name = 'coredns';
const namespace = 'kube-system';
const labels = { 'k8s-app': 'kube-dns' };
const metadata = { name, namespace };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const rbacVersion = 'rbac.authorization.k8s.io/v1';
const role = 'system:coredns';

const corefile = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
`;

const deployment: AddonObject['object'] = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...metadata, labels },
  spec: {
    replicas: 2,
    strategy: { rollingUpdate: { maxUnavailable: 1 } },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: name,
        priorityClassName: 'system-cluster-critical',
        dnsPolicy: 'Default',
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [
          { key: 'CriticalAddonsOnly', operator: 'Exists' },
          { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
        ],
        containers: [
          {
            name,
            image: 'registry.k8s.io/coredns/coredns:v1.14.2',
            imagePullPolicy: 'IfNotPresent',
            args: ['-conf', '/etc/coredns/Corefile'],
            ports: [
              { name: 'dns', containerPort: 53, protocol: 'UDP' },
              { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
              { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
            ],
            livenessProbe: {
              httpGet: { path: '/health', port: 8080 },
              initialDelaySeconds: 60,
              timeoutSeconds: 5,
              failureThreshold: 5,
            },
            readinessProbe: { httpGet: { path: '/ready', port: 8181 } },
            resources: { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
              readOnlyRootFilesystem: true,
            },
            volumeMounts: [{ name: 'config-volume', mountPath: '/etc/coredns', readOnly: true }],
          },
        ],
        volumes: [{ name: 'config-volume', configMap: { name, items: [{ key: 'Corefile', path: 'Corefile' }] } }],
      },
    },
  },
};

/**
 * The cluster's DNS in pods, by the names that kubeadm has for it.
 * @param address the tenth of the range of services, which all pods ask
 */
export function corednsAddon(address: string): readonly AddonObject[] {
  const core = { group: '', version: 'v1' };
  return [
    {
      resource: { ...core, resource: 'serviceaccounts' },
      object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    },
    {
      resource: { ...rbac, resource: 'clusterroles' },
      object: {
        apiVersion: rbacVersion,
        kind: 'ClusterRole',
        metadata: { name: role },
        rules: [
          { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
          { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
        ],
      },
    },
    {
      resource: { ...rbac, resource: 'clusterrolebindings' },
      object: {
        apiVersion: rbacVersion,
        kind: 'ClusterRoleBinding',
        metadata: { name: role },
        roleRef: { apiGroup: rbac.group, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      },
    },
    {
      resource: { ...core, resource: 'configmaps' },
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } },
    },
    { resource: { group: 'apps', version: 'v1', resource: 'deployments' }, object: deployment },
    {
      resource: { ...core, resource: 'services' },
      object: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'kube-dns',
          namespace,
          labels: { ...labels, 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
          annotations: { 'prometheus.io/port': '9153', 'prometheus.io/scrape': 'true' },
        },
        spec: {
          clusterIP: address,
          selector: labels,
          ports: [
            { name: 'dns', port: 53, protocol: 'UDP' },
            { name: 'dns-tcp', port: 53, protocol: 'TCP' },
            { name: 'metrics', port: 9153, protocol: 'TCP' },
          ],
        },
      },
    },
  ];
}
