import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import type { CommandCluster } from './command-cluster.ts';

/** Pods of an app whose container has an image. */
function template(app: string, image: string): object {
  return { metadata: { labels: { app } }, spec: { containers: [{ name: 'c', image }] } };
}

/** What a controller would leave behind of two rollouts: a deployment, a daemon set and a stateful set with revisions. */
export async function createRolloutRevisions({ api }: CommandCluster): Promise<void> {
  const make = (kind: string, name: string, spec: object, metadata: object = {}): Promise<Unstructured> =>
    api.create({ apiVersion: 'apps/v1', kind, metadata: { name, namespace: 'default', ...metadata }, spec });
  const selector = (app: string): object => ({ matchLabels: { app } });
  const ownedBy = ({ kind, metadata }: Unstructured): object => ({
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind,
        name: metadata.name,
        uid: metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  });
  const web = await make(
    'Deployment',
    'web',
    { replicas: 1, selector: selector('web'), template: template('web', 'nginx:2') },
    { annotations: { 'deployment.kubernetes.io/revision': '2' } },
  );
  for (const [revision, cause] of [
    [1, { 'kubernetes.io/change-cause': 'first try' }],
    [2, {}],
  ] as const) {
    const hash = `hash${revision}`;
    const pods = template('web', `nginx:${revision}`) as { metadata: { labels: Record<string, string> } };
    pods.metadata.labels['pod-template-hash'] = hash;
    await make(
      'ReplicaSet',
      `web-${hash}`,
      { replicas: 0, selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } }, template: pods },
      {
        ...ownedBy(web),
        labels: { app: 'web', 'pod-template-hash': hash },
        annotations: { 'deployment.kubernetes.io/revision': `${revision}`, ...cause },
      },
    );
  }
  const owners = [
    await make('DaemonSet', 'ds', { selector: selector('ds'), template: template('ds', 'nginx:2') }),
    await make('StatefulSet', 'sts', {
      serviceName: 'sts',
      selector: selector('sts'),
      template: template('sts', 'nginx:2'),
    }),
  ];
  for (const owner of owners) {
    const app = owner.metadata.name ?? '';
    for (const revision of [1, 2]) {
      const spec = { template: { ...template(app, `nginx:${revision}`), $patch: 'replace' } };
      await api.create({
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: `${app}-${revision}`, namespace: 'default', labels: { app }, ...ownedBy(owner) },
        data: { spec },
        revision,
      });
    }
  }
}
