import type {
  ImageVolumeSource,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
} from '../../api/types/core-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { blockDevice, checkVolumeMode } from './block-volumes.ts';
import { writeAtomically } from './atomic-folder.ts';
import type { DownwardFacts } from './downward-fields.ts';
import type { NodeFile, NodeFiles } from './node-files.ts';
import { podLinuxResources } from './pod-level-resources.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';
import { mayUseImage, pullImage } from './pull-image.ts';
import { sourceFiles, type SourceFiles, usesSource, VolumeError, VolumeModeError } from './volume-sources.ts';

export { VolumeError } from './volume-sources.ts';

const claimsResource = { group: '', version: 'v1', resource: 'persistentvolumeclaims' } as const;
const volumesResource = { group: '', version: 'v1', resource: 'persistentvolumes' } as const;

/** The folder of a pod on its node. */
export function podFolder(pod: Pod): string {
  return `/var/lib/kubelet/pods/${pod.metadata.uid ?? ''}`;
}

/** The volumes of one pod: folders on the node, with files from the API where they are that kind. */
export class PodVolumes {
  readonly #context: PodWorkerContext;
  readonly #paths = new Map<string, string>();
  #isReady = false;
  #isStale = false;
  #versions = 0;
  /** What the files of the downward API were made from. */
  #metadata = '';
  #refreshAt = Infinity;

  constructor(context: PodWorkerContext) {
    this.#context = context;
  }

  /** Makes the volumes ready, once, and their files anew when what they come from has changed. @throws VolumeError */
  async sync(pod: Pod, facts: DownwardFacts): Promise<void> {
    const { labels, annotations } = pod.metadata;
    const metadata = JSON.stringify([labels, annotations, pod.spec?.containers.map(({ resources }) => resources)]);
    const isDue = this.#isStale || metadata !== this.#metadata || this.#context.clock.now() >= this.#refreshAt;
    if (this.#isReady && !isDue) return;
    this.#isStale = false;
    this.#metadata = metadata;
    this.#refreshAt = Infinity;
    for (const volume of pod.spec?.volumes ?? []) {
      try {
        await this.#mount(pod, volume, facts);
      } catch (error) {
        this.#isStale = true;
        if (!(error instanceof VolumeError) || error instanceof VolumeModeError) throw error;
        const { step = 'SetUp failed', name = volume.name } = error.place ?? {};
        throw new VolumeError(`MountVolume.${step} for volume "${name}" : ${error.message}`);
      }
    }
    this.#isReady = true;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Milliseconds until files have to be made anew though nothing has changed. */
  get refreshMillis(): number {
    return this.#refreshAt - this.#context.clock.now();
  }

  /** A config map or secret has changed. @returns whether that has to do with this pod */
  sourceChanged(pod: Pod, kind: 'configmap' | 'secret', name: string): boolean {
    if (!(pod.spec?.volumes ?? []).some((volume) => usesSource(volume, kind, name))) return false;
    this.#isStale = true;
    return true;
  }

  /** Where a volume is on the node; undefined when it has no such. */
  pathOf(volume: string): string | undefined {
    return this.#paths.get(volume);
  }

  /** The pod is gone. */
  remove(pod: Pod): void {
    this.#context.files.remove(podFolder(pod));
  }

  async #mount(pod: Pod, volume: Volume, facts: DownwardFacts): Promise<void> {
    const { client, clock, files } = this.#context;
    const source = await sourceFiles({ client, pod, facts }, volume);
    if (source !== undefined) {
      this.#write(pod, volume, source);
      if (source.refreshMillis !== undefined) {
        this.#refreshAt = Math.min(this.#refreshAt, clock.now() + source.refreshMillis);
      }
      return;
    }
    if (this.#paths.has(volume.name)) return;
    if (volume.hostPath !== undefined) {
      this.#paths.set(volume.name, this.#hostPath(volume.hostPath.path, volume.hostPath.type ?? ''));
      return;
    }
    const claim =
      volume.ephemeral === undefined
        ? volume.persistentVolumeClaim?.claimName
        : `${pod.metadata.name ?? ''}-${volume.name}`;
    if (claim !== undefined) {
      this.#paths.set(volume.name, await this.#claimed(pod, volume.name, claim));
      return;
    }
    if (volume.image !== undefined) return this.#mountImage(pod, volume, volume.image);
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir';
    const path = this.#folder(pod, volume, kind, 0o777);
    const folder = files.find(path);
    if (folder === undefined || volume.emptyDir?.medium !== 'Memory') return;
    folder.fileSystem = 'tmpfs';
    // As the kernel makes the root of one.
    folder.mode |= 0o1000;
    folder.capacityBytes = Math.min(
      ...[volume.emptyDir.sizeLimit, podLinuxResources(pod).memoryLimitBytes, this.#context.memoryBytes]
        .map((limit) => (typeof limit === 'number' ? limit : Number(parseQuantity(limit ?? '0').value())))
        .filter((bytes) => bytes > 0),
    );
  }

  /** The files of an image, which is pulled by its policy. @throws VolumeError when it cannot be had */
  async #mountImage(pod: Pod, volume: Volume, source: ImageVolumeSource): Promise<void> {
    const { runtime, files } = this.#context;
    const { reference = '', pullPolicy } = source;
    const present = await runtime.imageStatus(reference);
    const isThere = present !== undefined && mayUseImage(this.#context, pod, reference, present);
    if (!isThere && pullPolicy === 'Never') {
      throw new VolumeError(`Container image "${reference}" is not present with pull policy of Never`);
    }
    try {
      if (!isThere || pullPolicy === 'Always') await pullImage(this.#context, pod, reference);
    } catch (error) {
      throw new VolumeError(messageOf(error));
    }
    const path = this.#folder(pod, volume, 'image', 0o755);
    for (const [name, content] of await runtime.imageFiles(reference)) {
      files.makeFolder(`${path}${name.slice(0, name.lastIndexOf('/'))}`);
      files.writeFile(`${path}${name}`, content);
    }
  }

  #write(pod: Pod, volume: Volume, { files }: SourceFiles): void {
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? '';
    const path = this.#folder(pod, volume, kind, 0o777);
    const folder = this.#context.files.find(path);
    if (folder !== undefined && volume.configMap === undefined) folder.fileSystem = 'tmpfs';
    const { fsGroup } = pod.spec?.securityContext ?? {};
    writeAtomically(this.#context.files, path, files, `${this.#context.clock.now()}.${this.#versions++}`, fsGroup);
  }

  #folder(pod: Pod, volume: Volume, kind: string, mode: number): string {
    const type = kind.replaceAll(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`);
    const path = `${podFolder(pod)}/volumes/kubernetes.io~${type}/${volume.name}`;
    this.#context.files.makeFolder(path, mode);
    const folder = this.#context.files.find(path);
    const { fsGroup } = pod.spec?.securityContext ?? {};
    if (folder !== undefined && fsGroup !== undefined) {
      folder.gid = fsGroup;
      folder.mode |= 0o2070;
    }
    this.#paths.set(volume.name, path);
    return path;
  }

  #hostPath(path: string, type: string): string {
    const { files } = this.#context;
    const node = files.find(path);
    if (node === undefined && type === 'FileOrCreate') files.writeFile(path, new Uint8Array());
    else if (node === undefined && (type === '' || type === 'DirectoryOrCreate')) files.makeFolder(path);
    else if (type !== '' && hostPathKind(node) !== hostPathKinds[type]) {
      throw new VolumeError(`hostPath type check failed: ${path} is not a ${hostPathKinds[type] ?? type}`);
    }
    return path;
  }

  /** The folder of a persistent volume: its path on the node, or one for what no driver is there for. */
  async #claimed(pod: Pod, ownName: string, name: string): Promise<string> {
    const { client, files } = this.#context;
    const { namespace = '' } = pod.metadata;
    try {
      const claim = await client.resource<PersistentVolumeClaim>(claimsResource, namespace).get(name);
      if (claim.status?.phase !== 'Bound') throw new VolumeError(`PVC ${namespace}/${name} is not bound`);
      const volume = await client.resource<PersistentVolume>(volumesResource).get(claim.spec?.volumeName ?? '');
      const { hostPath, local, volumeMode = 'Filesystem' } = volume.spec ?? {};
      checkVolumeMode(pod, ownName, volumeMode);
      if (volumeMode === 'Block') return blockDevice(files, volume);
      if (hostPath !== undefined) return this.#hostPath(hostPath.path, hostPath.type ?? '');
      if (local !== undefined) return this.#local(pod, local.path, volume.metadata.name ?? '');
      const path = `/var/lib/kubelet/volumes/${volume.metadata.name ?? ''}`;
      files.makeFolder(path, 0o777);
      return path;
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      throw new VolumeError(error.message);
    }
  }

  /** A folder of the node that is there, given to the group of the pod. @throws VolumeError */
  #local(pod: Pod, path: string, name: string): string {
    const { files } = this.#context;
    const place = { step: 'NewMounter initialization failed', name };
    const node = files.find(path);
    if (node === undefined) throw new VolumeError(`path ${JSON.stringify(path)} does not exist`, place);
    if (node.kind !== 'folder') throw new VolumeError('only directory and block device are supported', place);
    const { fsGroup, fsGroupChangePolicy } = pod.spec?.securityContext ?? {};
    if (fsGroup !== undefined && (fsGroupChangePolicy !== 'OnRootMismatch' || node.gid !== fsGroup)) {
      giveToGroup(files, files.resolve(path) ?? path, fsGroup);
    }
    return path;
  }
}

/** All of a volume becomes the group's, who may read and write it; what is made in its folders will be too. */
function giveToGroup(files: NodeFiles, path: string, gid: number): void {
  const node = files.find(path);
  if (node === undefined || node.kind === 'link') return;
  files.mark(path, { gid, mode: node.mode | (node.kind === 'folder' ? 0o2770 : 0o660) });
  for (const name of files.readFolder(path) ?? []) giveToGroup(files, `${path}/${name.replace(/\/$/, '')}`, gid);
}

/** What has to be at the path of a volume, by its type. */
const hostPathKinds: Readonly<Record<string, string>> = {
  Directory: 'directory',
  DirectoryOrCreate: 'directory',
  File: 'file',
  FileOrCreate: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
};

function hostPathKind(node: NodeFile | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (node.special !== undefined) return node.special === 'socket' ? 'socket file' : node.special;
  return node.kind === 'folder' ? 'directory' : node.kind;
}
