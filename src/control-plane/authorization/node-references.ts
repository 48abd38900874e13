import type { Container, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.ts';
import type { ResourceSlice } from '../../api/types/resource-v1.ts';
import type { VolumeAttachment } from '../../api/types/storage-v1.ts';
import type { Informer } from '../../client/informer.ts';

/** Local copies that tell what the pods of a node use. */
export interface NodeReferenceInformers {
  readonly pods: Informer<Pod>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly attachments: Informer<VolumeAttachment>;
  readonly slices: Informer<ResourceSlice>;
}

/** What a node may see because one of its pods uses it, as `resource/namespace/name`. */
export class NodeReferences {
  readonly #informers: NodeReferenceInformers;
  readonly #podsByNode = new Map<string, Map<string, Pod>>();
  readonly #known = new Map<string, ReadonlySet<string>>();

  constructor(informers: NodeReferenceInformers) {
    this.#informers = informers;
    informers.pods.addHandler({
      added: (pod) => this.#put(pod),
      updated: (pod, old) => {
        if (nodeOf(old) !== nodeOf(pod)) this.#remove(old);
        this.#put(pod);
      },
      deleted: (pod) => this.#remove(pod),
    });
    const forget = (): void => this.#known.clear();
    const handler = { added: forget, updated: forget, deleted: forget };
    informers.claims.addHandler(handler);
    informers.volumes.addHandler(handler);
    informers.attachments.addHandler(handler);
    informers.slices.addHandler(handler);
  }

  /** Whether a pod of the node uses the object. */
  has(node: string, resource: string, namespace: string, name: string): boolean {
    let known = this.#known.get(node);
    if (known === undefined) {
      known = this.#collect(node);
      this.#known.set(node, known);
    }
    return known.has(`${resource}/${namespace}/${name}`);
  }

  #put(pod: Pod): void {
    const node = nodeOf(pod);
    if (node === '') return;
    const pods = this.#podsByNode.get(node) ?? new Map<string, Pod>();
    this.#podsByNode.set(node, pods.set(keyOf(pod), pod));
    this.#known.delete(node);
  }

  #remove(pod: Pod): void {
    this.#podsByNode.get(nodeOf(pod))?.delete(keyOf(pod));
    this.#known.delete(nodeOf(pod));
  }

  #collect(node: string): ReadonlySet<string> {
    const found = new Set<string>();
    for (const pod of this.#podsByNode.get(node)?.values() ?? []) this.#collectPod(pod, found);
    for (const { metadata, spec } of this.#informers.attachments.list()) {
      if (spec.nodeName === node) found.add(`volumeattachments//${metadata.name ?? ''}`);
    }
    for (const { metadata, spec } of this.#informers.slices.list()) {
      if (spec.nodeName === node) found.add(`resourceslices//${metadata.name ?? ''}`);
    }
    return found;
  }

  #collectPod(pod: Pod, found: Set<string>): void {
    const namespace = pod.metadata.namespace ?? '';
    const { spec } = pod;
    const add = (resource: string, name: string | undefined): void => {
      if (name !== undefined && name !== '') found.add(`${resource}/${namespace}/${name}`);
    };
    add('pods', pod.metadata.name);
    // A mirror pod is written by the node itself, so what it names proves nothing.
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) return;
    add('serviceaccounts', spec?.serviceAccountName);
    for (const { name } of spec?.imagePullSecrets ?? []) add('secrets', name);
    const ephemeral = (spec?.ephemeralContainers ?? []) as readonly Container[];
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? []), ...ephemeral]) {
      for (const { valueFrom } of container.env ?? []) {
        add('secrets', valueFrom?.secretKeyRef?.name);
        add('configmaps', valueFrom?.configMapKeyRef?.name);
      }
      for (const { secretRef, configMapRef } of container.envFrom ?? []) {
        add('secrets', secretRef?.name);
        add('configmaps', configMapRef?.name);
      }
    }
    for (const volume of spec?.volumes ?? []) this.#collectVolume(volume, pod, add, found);
    for (const { resourceClaimName } of pod.status?.resourceClaimStatuses ?? []) {
      add('resourceclaims', resourceClaimName);
    }
  }

  #collectVolume(
    volume: Volume,
    pod: Pod,
    add: (resource: string, name: string | undefined) => void,
    found: Set<string>,
  ): void {
    add('secrets', volume.secret?.secretName);
    add('configmaps', volume.configMap?.name);
    for (const { secret, configMap } of volume.projected?.sources ?? []) {
      add('secrets', secret?.name);
      add('configmaps', configMap?.name);
    }
    add('secrets', volume.csi?.nodePublishSecretRef?.name);
    const claimName =
      volume.ephemeral === undefined
        ? volume.persistentVolumeClaim?.claimName
        : `${pod.metadata.name ?? ''}-${volume.name}`;
    if (claimName === undefined) return;
    add('persistentvolumeclaims', claimName);
    const claim = this.#informers.claims.get(pod.metadata.namespace ?? '', claimName);
    const volumeName = claim?.spec?.volumeName ?? '';
    if (volumeName === '') return;
    found.add(`persistentvolumes//${volumeName}`);
    const csi = this.#informers.volumes.get('', volumeName)?.spec?.csi;
    for (const reference of [csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef]) {
      if (reference?.name === undefined) continue;
      found.add(`secrets/${reference.namespace ?? ''}/${reference.name}`);
    }
  }
}

function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ?? '';
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
