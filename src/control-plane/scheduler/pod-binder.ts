import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import { type Clock, sleep } from '../../system/clock.ts';
import { isBound, type VolumePlan } from './plugins/volumes.ts';

const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const mergePatch = 'application/merge-patch+json';
/** As long as kube-scheduler's bindTimeoutSeconds waits for volumes. */
const volumeTimeoutMillis = 600_000;
const lookMillis = 1000;

export interface PodBinderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** Writes what was decided for a pod: the volumes of its claims, then its node. */
export class PodBinder {
  readonly #options: PodBinderOptions;
  /** Names of volumes that are on their way to a claim. */
  readonly taken = new Set<string>();

  constructor(options: PodBinderOptions) {
    this.#options = options;
  }

  /** @throws Error when the API refuses, or the volumes are not bound in time */
  async bind(pod: Pod, nodeName: string, plan: VolumePlan): Promise<void> {
    const names = plan.bindings.map(({ volume }) => volume.metadata.name ?? '');
    for (const name of names) this.taken.add(name);
    try {
      await this.#bindVolumes(nodeName, plan);
    } finally {
      for (const name of names) this.taken.delete(name);
    }
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    await this.#options.client.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/binding`,
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, uid },
        target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
      },
    });
  }

  async #bindVolumes(nodeName: string, { bindings, provisions }: VolumePlan): Promise<void> {
    const { client, clock } = this.#options;
    const waiting = [...bindings.map(({ claim }) => claim), ...provisions];
    if (waiting.length === 0) return;
    for (const { claim, volume } of bindings) {
      const { name = '', namespace = '', uid = '', resourceVersion } = claim.metadata;
      await client.resource(volumesResource).patch(volume.metadata.name ?? '', mergePatch, {
        metadata: {
          resourceVersion: volume.metadata.resourceVersion,
          annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' },
        },
        spec: {
          claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion },
        },
      });
    }
    for (const { metadata } of provisions) {
      const annotations = { 'volume.kubernetes.io/selected-node': nodeName };
      await client
        .resource(claimsResource, metadata.namespace)
        .patch(metadata.name ?? '', mergePatch, { metadata: { annotations } });
    }
    const deadline = clock.now() + volumeTimeoutMillis;
    while (!waiting.every((claim) => this.#isBoundNow(claim))) {
      if (clock.now() >= deadline) throw new Error('binding volumes: context deadline exceeded');
      const goesOn = await sleep(clock, lookMillis, this.#options.signal);
      if (!goesOn) throw new Error('the scheduler stops');
    }
  }

  #isBoundNow({ metadata }: PersistentVolumeClaim): boolean {
    const claim = this.#options.claims.get(metadata.namespace ?? '', metadata.name ?? '');
    if (claim === undefined) throw new Error(`persistentvolumeclaim "${metadata.name ?? ''}" not found`);
    return isBound(claim);
  }
}
