import { classOfClaim, isInTopologies } from '../../api/core/v1/volume-matching.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts';
import type { StorageClass } from '../../api/types/storage-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import { createWorkqueue, runWorkers, type Workqueue } from '../../client/workqueue.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';

/** What storage classes name to have their volumes made here. */
export const localPathProvisioner = 'kubectl-ts/local-path';

/** The folder of a node below which volumes are made. */
export const localPathFolder = '/var/lib/kubectl-ts/volumes';

/** As much of a node's files as is needed to make and remove the folder of a volume. */
export interface VolumeFolders {
  makeFolder(path: string, mode?: number): void;
  remove(path: string): void;
  /** Resolves when what was done is on the disk, where there is one. */
  saved?(): Promise<void>;
}

export interface LocalPathProvisionerOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** The files of a node; undefined when it is none whose files can be reached. */
  readonly foldersOf: (nodeName: string) => VolumeFolders | undefined;
}

/** Makes volumes for claims, and removes them. */
export interface LocalPathProvisioner {
  /** To be called when the informers are in sync. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What cannot be given; the message is that of the event. */
class ProvisioningError extends Error {}

const classesResource = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' } as const;
const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;
const nodesResource = { group: '', version: 'v1', resource: 'nodes' } as const;
const hostnameLabel = 'kubernetes.io/hostname';
const selectedNode = 'volume.kubernetes.io/selected-node';
const provisionedBy = 'pv.kubernetes.io/provisioned-by';
const askedFor = ['volume.kubernetes.io/storage-provisioner', 'volume.beta.kubernetes.io/storage-provisioner'];
const claimPrefix = 'claim:';
const volumePrefix = 'volume:';
/** What one node's folder can offer: one writer's node at a time. */
const offeredModes = new Set(['ReadWriteOnce', 'ReadWriteOncePod']);

/** The class that claims get which name none, as local clusters have it. */
const defaultClass: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: localPathProvisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
};

/**
 * Makes a folder of a node for every claim of a class that names this provisioner, with a volume that stays on that
 * node, and removes both when the claim is gone and the class's policy is Delete. It behaves towards the API as an
 * external provisioner does (annotations, events): the class and its claims are all it goes by. When a cluster gets its
 * first nodes it gets the class `standard` as well, its default one; who deletes that does not get it back.
 */
export function createLocalPathProvisioner(options: LocalPathProvisionerOptions): LocalPathProvisioner {
  return new Provisioner(options);
}

class Provisioner implements LocalPathProvisioner {
  readonly #options: LocalPathProvisionerOptions;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #nodes: Informer<Node>;
  readonly #queue: Workqueue<string>;
  #running: Promise<void> | undefined;
  /** Whether the cluster had no nodes before. */
  #isFirst: boolean | undefined;

  constructor(options: LocalPathProvisionerOptions) {
    this.#options = options;
    const { informers, clock } = options;
    this.#claims = informers.informer<PersistentVolumeClaim>(claimsResource);
    this.#volumes = informers.informer<PersistentVolume>(volumesResource);
    this.#classes = informers.informer<StorageClass>(classesResource);
    this.#nodes = informers.informer<Node>(nodesResource);
    this.#queue = createWorkqueue<string>({ clock });
    const look = ({ metadata }: PersistentVolumeClaim): void =>
      this.#queue.add(`${claimPrefix}${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
    this.#claims.addHandler({ added: look, updated: look });
    const lookAt = ({ metadata }: PersistentVolume): void => this.#queue.add(`${volumePrefix}${metadata.name ?? ''}`);
    this.#volumes.addHandler({
      added: lookAt,
      updated: lookAt,
      // Whoever deleted it: what its policy says of its data is what happens to it.
      deleted: (volume) => {
        if (isOurs(volume) && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') void this.#removeFolder(volume);
      },
    });
  }

  async start(): Promise<void> {
    const { client, log } = this.#options;
    this.#running ??= runWorkers(
      this.#queue,
      2,
      (key) => this.#sync(key),
      (key, error) =>
        log.warn(`${localPathProvisioner}: sync failed, will be tried again`, { key, error: String(error) }),
    );
    this.#isFirst ??= this.#nodes.list().length === 0;
    if (!this.#isFirst) return;
    try {
      await client.resource<StorageClass>(classesResource).create(defaultClass);
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
  }

  async stop(): Promise<void> {
    this.#queue.shutDown();
    await this.#running;
  }

  async #sync(key: string): Promise<void> {
    if (key.startsWith(volumePrefix)) {
      const volume = this.#volumes.get('', key.slice(volumePrefix.length));
      if (volume !== undefined) await this.#reclaim(volume);
      return;
    }
    const [namespace = '', name = ''] = key.slice(claimPrefix.length).split('/');
    const claim = this.#claims.get(namespace, name);
    if (claim === undefined || !this.#isWanted(claim)) return;
    const { events } = this.#options;
    try {
      const text = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
      events.event(claim, 'Normal', 'Provisioning', text);
      const made = await this.#provision(claim);
      events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${made}`);
    } catch (error) {
      const text = `failed to provision volume with StorageClass "${classOfClaim(claim)}": ${messageOf(error)}`;
      events.event(claim, 'Warning', 'ProvisioningFailed', text);
      throw error;
    }
  }

  /** Whether a claim asks for a volume that this provisioner is to make, now. */
  #isWanted(claim: PersistentVolumeClaim): boolean {
    const { annotations = {}, deletionTimestamp } = claim.metadata;
    if (deletionTimestamp !== undefined || (claim.spec?.volumeName ?? '') !== '') return false;
    if (!askedFor.some((annotation) => annotations[annotation] === localPathProvisioner)) return false;
    if (this.#volumes.get('', volumeName(claim)) !== undefined) return false;
    const storageClass = this.#classes.get('', classOfClaim(claim));
    if (storageClass?.provisioner !== localPathProvisioner) return false;
    return storageClass.volumeBindingMode !== 'WaitForFirstConsumer' || annotations[selectedNode] !== undefined;
  }

  /** @returns the name of the volume @throws ProvisioningError */
  async #provision(claim: PersistentVolumeClaim): Promise<string> {
    const storageClass = this.#classes.get('', classOfClaim(claim));
    if (storageClass === undefined) throw new ProvisioningError('the class is gone');
    checkClaim(claim, storageClass);
    const node = this.#nodeFor(claim, storageClass);
    const folders = this.#options.foldersOf(node.metadata.name ?? '');
    if (folders === undefined) {
      throw new ProvisioningError(`the files of node "${node.metadata.name ?? ''}" cannot be reached from here`);
    }
    const volume = volumeFor(claim, storageClass, node);
    folders.makeFolder(volume.spec?.hostPath?.path ?? '', 0o777);
    try {
      await this.#options.client.resource<PersistentVolume>(volumesResource).create(volume);
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) throw error;
    }
    return volume.metadata.name ?? '';
  }

  /** The node that the scheduler chose, or else the one with the fewest volumes of those that will do. */
  #nodeFor({ metadata }: PersistentVolumeClaim, { allowedTopologies }: StorageClass): Node {
    const chosen = metadata.annotations?.[selectedNode];
    if (chosen !== undefined) {
      const node = this.#nodes.get('', chosen);
      if (node === undefined) throw new ProvisioningError(`node "${chosen}" not found`);
      return node;
    }
    const load = ({ metadata: { name = '' } }: Node): number =>
      this.#volumes.list().filter((volume) => isOurs(volume) && nodeOf(volume) === name).length;
    const [node] = this.#nodes
      .list()
      .filter((each) => each.spec?.unschedulable !== true && isInTopologies(each, allowedTopologies))
      .filter((each) => this.#options.foldersOf(each.metadata.name ?? '') !== undefined)
      .toSorted((left, right) => load(left) - load(right));
    if (node === undefined) throw new ProvisioningError('no node is there that it could be made on');
    return node;
  }

  /** A volume that nobody claims any more goes, where its policy says so. */
  async #reclaim(volume: PersistentVolume): Promise<void> {
    const { persistentVolumeReclaimPolicy } = volume.spec ?? {};
    if (!isOurs(volume) || volume.metadata.deletionTimestamp !== undefined) return;
    if (volume.status?.phase !== 'Released' || persistentVolumeReclaimPolicy !== 'Delete') return;
    // Before the object goes, which is what would tell the next start of it.
    await this.#removeFolder(volume);
    try {
      await this.#options.client.resource(volumesResource).delete(volume.metadata.name ?? '');
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }

  async #removeFolder(volume: PersistentVolume): Promise<void> {
    const path = volume.spec?.hostPath?.path ?? '';
    const folders = this.#options.foldersOf(nodeOf(volume));
    // The object can be written by others: only what was made here is removed.
    if (folders === undefined || path !== folderOf(volume)) return;
    folders.remove(path);
    await folders.saved?.();
  }
}

/** @throws ProvisioningError when the claim or its class wants more than a folder can be */
function checkClaim({ spec = {} }: PersistentVolumeClaim, storageClass: StorageClass): void {
  const { accessModes = [], selector, volumeMode = 'Filesystem', dataSource, dataSourceRef } = spec;
  if (selector !== undefined) throw new ProvisioningError('claim.spec.selector is not supported');
  if (volumeMode !== 'Filesystem') throw new ProvisioningError(`volume mode ${volumeMode} is not supported`);
  if (dataSource !== undefined || dataSourceRef !== undefined) {
    throw new ProvisioningError('volumes that are filled from others are not supported');
  }
  const mode = accessModes.find((each) => !offeredModes.has(each));
  if (mode !== undefined) {
    throw new ProvisioningError(`access mode ${mode} is not supported, only ${[...offeredModes].join(' and ')} are`);
  }
  const [parameter] = Object.keys(storageClass.parameters ?? {});
  if (parameter !== undefined) throw new ProvisioningError(`there is no parameter "${parameter}"`);
  if ((storageClass.mountOptions ?? []).length > 0) {
    throw new ProvisioningError('mount options are not supported');
  }
}

function volumeName({ metadata }: PersistentVolumeClaim): string {
  return `pvc-${metadata.uid ?? ''}`;
}

/** The folder of a volume: it tells whose it is. */
function folderOf({ metadata, spec }: PersistentVolume): string {
  const { namespace = '', name = '' } = spec?.claimRef ?? {};
  return `${localPathFolder}/${metadata.name ?? ''}_${namespace}_${name}`;
}

function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass, node: Node): PersistentVolume {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata;
  const { accessModes = ['ReadWriteOnce'], resources } = claim.spec ?? {};
  const host = node.metadata.labels?.[hostnameLabel] ?? node.metadata.name ?? '';
  const volume: PersistentVolume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName(claim), annotations: { [provisionedBy]: localPathProvisioner } },
    spec: {
      accessModes,
      capacity: { storage: resources?.requests?.['storage'] ?? '0' },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: hostnameLabel, operator: 'In', values: [host] }] }],
        },
      },
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name ?? '',
      volumeMode: 'Filesystem',
    },
  };
  return { ...volume, spec: { ...volume.spec, hostPath: { path: folderOf(volume), type: 'DirectoryOrCreate' } } };
}

function isOurs({ metadata }: PersistentVolume): boolean {
  return metadata.annotations?.[provisionedBy] === localPathProvisioner;
}

/** The node that a volume is on, by its affinity. */
function nodeOf({ spec }: PersistentVolume): string {
  const [term] = spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return term?.matchExpressions?.find(({ key }) => key === hostnameLabel)?.values?.[0] ?? '';
}
