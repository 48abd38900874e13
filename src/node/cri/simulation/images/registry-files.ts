import { createHash } from 'node:crypto';

/** Where the registry of agnhost has its images. */
export const registryFolder = '/var/registry';

/** Where a blob or a manifest (`blobs`, `manifests`) of an image is, as registries keep them: `sha256/ab/abcd…/data`. */
export function blobPath(image: string, kind: string, digest: string): string {
  const [algorithm = '', hash = ''] = digest.split(':');
  return `${registryFolder}/${image}/${kind}/${algorithm}/${hash.slice(0, 2)}/${hash}/data`;
}

let made: Readonly<Record<string, string>> | undefined;

/** What the image of the server has below /var/registry: an image `pause:testing` without layers. */
export function registryFiles(): Readonly<Record<string, string>> {
  if (made !== undefined) return made;
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/pause'] },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: Buffer.byteLength(config),
    },
    layers: [],
  });
  made = {
    [`${registryFolder}/pause/manifests/testing`]: digestOf(manifest),
    [blobPath('pause', 'manifests', digestOf(manifest))]: manifest,
    [blobPath('pause', 'blobs', digestOf(config))]: config,
  };
  return made;
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
