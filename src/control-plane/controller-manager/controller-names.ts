/** What controllers were called before Kubernetes 1.28; --controllers knows both. */
const legacyNames: Readonly<Record<string, string>> = {
  attachdetach: 'persistentvolume-attach-detach-controller',
  bootstrapsigner: 'bootstrap-signer-controller',
  'cloud-node-lifecycle': 'cloud-node-lifecycle-controller',
  'clusterrole-aggregation': 'clusterrole-aggregation-controller',
  cronjob: 'cronjob-controller',
  csrapproving: 'certificatesigningrequest-approving-controller',
  csrcleaner: 'certificatesigningrequest-cleaner-controller',
  csrsigning: 'certificatesigningrequest-signing-controller',
  daemonset: 'daemonset-controller',
  deployment: 'deployment-controller',
  disruption: 'disruption-controller',
  endpoint: 'endpoints-controller',
  endpointslice: 'endpointslice-controller',
  endpointslicemirroring: 'endpointslice-mirroring-controller',
  'ephemeral-volume': 'ephemeral-volume-controller',
  garbagecollector: 'garbage-collector-controller',
  horizontalpodautoscaling: 'horizontal-pod-autoscaler-controller',
  job: 'job-controller',
  'legacy-service-account-token-cleaner': 'legacy-serviceaccount-token-cleaner-controller',
  namespace: 'namespace-controller',
  nodeipam: 'node-ipam-controller',
  nodelifecycle: 'node-lifecycle-controller',
  'persistentvolume-binder': 'persistentvolume-binder-controller',
  'persistentvolume-expander': 'persistentvolume-expander-controller',
  podgc: 'pod-garbage-collector-controller',
  'pv-protection': 'persistentvolume-protection-controller',
  'pvc-protection': 'persistentvolumeclaim-protection-controller',
  replicaset: 'replicaset-controller',
  replicationcontroller: 'replicationcontroller-controller',
  'resource-claim-controller': 'resourceclaim-controller',
  resourcequota: 'resourcequota-controller',
  'root-ca-cert-publisher': 'root-ca-certificate-publisher-controller',
  route: 'node-route-controller',
  service: 'service-lb-controller',
  serviceaccount: 'serviceaccount-controller',
  'serviceaccount-token': 'serviceaccount-token-controller',
  statefulset: 'statefulset-controller',
  'storage-version-gc': 'storageversion-garbage-collector-controller',
  svm: 'storage-version-migrator-controller',
  tokencleaner: 'token-cleaner-controller',
  ttl: 'ttl-controller',
  'ttl-after-finished': 'ttl-after-finished-controller',
};

/** Controllers of Kubernetes that there are none of here. */
const absent: ReadonlySet<string> = new Set([
  'cloud-node-lifecycle-controller',
  'device-taint-eviction-controller',
  'legacy-serviceaccount-token-cleaner-controller',
  'node-route-controller',
  'persistentvolume-attach-detach-controller',
  'persistentvolume-expander-controller',
  'podgroup-protection-controller',
  'resourcepoolstatusrequest-controller',
  'selinux-warning-controller',
  'service-lb-controller',
  'storage-version-migrator-controller',
  'storageversion-garbage-collector-controller',
]);

/** Those that `*` does not mean: they run when they are named. */
const offByDefault: ReadonlySet<string> = new Set(['bootstrap-signer-controller', 'token-cleaner-controller']);

/** What --controllers says: names, old or new, `-name` to leave one out, and `*` for those that run by default. */
export class ControllerChoice {
  readonly #words: readonly string[];

  constructor(text: string) {
    this.#words = text.split(',').map((word) => canonical(word.trim()));
  }

  /** Whether a controller runs; of what is said of one, the first counts. */
  isOn(name: string): boolean {
    const word = this.#words.find((candidate) => candidate === name || candidate === `-${name}`);
    if (word !== undefined) return word === name;
    return this.#words.includes('*') && !offByDefault.has(name);
  }

  /** What is wrong with it, next to the controllers that there are; undefined when nothing is. */
  problem(known: readonly string[]): string | undefined {
    for (const word of this.#words) {
      const name = word.replace(/^-/, '');
      if (word === '*' || known.includes(name)) continue;
      if (!absent.has(name)) return `${JSON.stringify(name)} is not in the list of known controllers`;
      if (word === name) return `this controller manager has no ${JSON.stringify(name)}`;
    }
    return undefined;
  }
}

function canonical(word: string): string {
  const [, sign = '', name = ''] = /^(-?)(.*)$/.exec(word) ?? [];
  return `${sign}${Object.hasOwn(legacyNames, name) ? (legacyNames[name] ?? name) : name}`;
}
