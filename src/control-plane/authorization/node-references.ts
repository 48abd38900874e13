import type { PodCertificateRequest } from '../../api/certificates/v1beta1/pod-certificate-request-strategy.ts';
import type { Container, PersistentVolume, Pod, Volume } from '../../api/types/core-v1.ts';
import type { ResourceSlice } from '../../api/types/resource-v1.ts';
import type { VolumeAttachment } from '../../api/types/storage-v1.ts';
import type { Informer } from '../../client/informer.ts';
import { persistentVolumeSecrets, volumeSecrets } from './volume-secrets.ts';

/** Local copies that tell what the pods of a node use. */
export interface NodeReferenceInformers {
  readonly pods: Informer<Pod>;
  readonly volumes: Informer<PersistentVolume>;
  readonly attachments: Informer<VolumeAttachment>;
  readonly slices: Informer<ResourceSlice>;
  /** There with the gate PodCertificateRequest. */
  readonly certificateRequests?: Informer<PodCertificateRequest>;
}

/** What a node may see because one of its pods uses it, as `resource/namespace/name`. */
export class NodeReferences {
  readonly #informers: NodeReferenceInformers;
  readonly #podsByNode = new Map<string, Map<string, Pod>>();
  readonly #volumesByClaim = new Map<string, Map<string, PersistentVolume>>();
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
    informers.volumes.addHandler({
      added: (volume) => this.#putVolume(volume),
      updated: (volume, old) => {
        this.#removeVolume(old);
        this.#putVolume(volume);
      },
      deleted: (volume) => this.#removeVolume(volume),
    });
    informers.attachments.addHandler(handler);
    informers.slices.addHandler(handler);
    informers.certificateRequests?.addHandler(handler);
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

  #putVolume(volume: PersistentVolume): void {
    const claim = claimOf(volume);
    if (claim === undefined) return;
    const volumes = this.#volumesByClaim.get(claim) ?? new Map<string, PersistentVolume>();
    this.#volumesByClaim.set(claim, volumes.set(volume.metadata.name ?? '', volume));
    this.#known.clear();
  }

  #removeVolume(volume: PersistentVolume): void {
    const claim = claimOf(volume) ?? '';
    const volumes = this.#volumesByClaim.get(claim);
    if (volumes?.delete(volume.metadata.name ?? '') !== true) return;
    if (volumes.size === 0) this.#volumesByClaim.delete(claim);
    this.#known.clear();
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
    for (const { metadata, spec } of this.#informers.certificateRequests?.list() ?? []) {
      if (spec.nodeName !== node) continue;
      found.add(`podcertificaterequests/${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
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
    for (const { name, resourceClaimName } of spec?.resourceClaims ?? []) {
      const made = pod.status?.resourceClaimStatuses?.find((status) => status.name === name);
      add('resourceclaims', resourceClaimName ?? made?.resourceClaimName);
    }
    add('resourceclaims', pod.status?.extendedResourceClaimStatus?.resourceClaimName);
  }

  #collectVolume(
    volume: Volume,
    pod: Pod,
    add: (resource: string, name: string | undefined) => void,
    found: Set<string>,
  ): void {
    for (const name of volumeSecrets(volume)) add('secrets', name);
    add('configmaps', volume.configMap?.name);
    for (const { configMap } of volume.projected?.sources ?? []) add('configmaps', configMap?.name);
    const claimName =
      volume.ephemeral === undefined
        ? volume.persistentVolumeClaim?.claimName
        : `${pod.metadata.name ?? ''}-${volume.name}`;
    if (claimName === undefined) return;
    add('persistentvolumeclaims', claimName);
    for (const [name, persistent] of this.#volumesByClaim.get(`${pod.metadata.namespace ?? ''}/${claimName}`) ?? []) {
      found.add(`persistentvolumes//${name}`);
      for (const secret of persistentVolumeSecrets(persistent)) found.add(`secrets/${secret.namespace}/${secret.name}`);
    }
  }
}

/** The claim that a volume says it is for, whatever that claim says. */
function claimOf({ spec }: PersistentVolume): string | undefined {
  const reference = spec?.claimRef;
  return reference === undefined ? undefined : `${reference.namespace ?? ''}/${reference.name ?? ''}`;
}

function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ?? '';
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
