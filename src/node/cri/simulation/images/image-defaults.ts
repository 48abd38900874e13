import { registryFiles } from './registry-files.ts';

/** What an image runs when a container says nothing else. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Other programs in it that are not in every image. */
  readonly programs?: readonly string[];
  /** The user that it runs as; root when absent. */
  readonly uid?: number;
  /** Files that are known to be in the image, and what is in them where that is known. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

const shell: ImageDefaults = { entrypoint: [], cmd: ['sh'] };

const alpine = { '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nPRETTY_NAME="Alpine Linux"\n' };

/** A picture, and a file that names it. */
function picture(name: string): ImageDefaults {
  const files = { ...alpine, '/data.json': `{\n  "image": "${name}.jpg"\n}\n`, [`/${name}.jpg`]: undefined };
  return { entrypoint: [], cmd: ['test-webserver'], files };
}

/** Images by the last part of their name; what others run is not known here. */
const known: Readonly<Record<string, ImageDefaults>> = {
  agnhost: {
    entrypoint: ['/agnhost'],
    cmd: ['pause'],
    programs: ['/coredns'],
    files: {
      ...alpine,
      ...registryFiles(),
      '/localhost.crt': undefined,
      '/localhost.key': undefined,
      '/etc/passwd':
        'root:x:0:0:root:/root:/bin/sh\nuser-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh\n',
      '/etc/group':
        'root:x:0:root\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n',
    },
  },
  alpine: { ...shell, files: alpine },
  bash: shell,
  busybox: shell,
  coredns: { entrypoint: ['/coredns'], cmd: [] },
  debian: shell,
  fedora: shell,
  'hpa-example': { entrypoint: ['docker-php-entrypoint'], cmd: ['apache2-foreground'] },
  kitten: picture('kitten'),
  'metrics-server': { entrypoint: ['/metrics-server'], cmd: [] },
  nautilus: picture('nautilus'),
  nonroot: { ...shell, uid: 1234 },
  nonewprivs: { entrypoint: [], cmd: ['nnp'] },
  pause: { entrypoint: ['/pause'], cmd: [] },
  'resource-consumer': { entrypoint: ['/consumer'], cmd: [] },
  'sample-apiserver': { entrypoint: ['/sample-apiserver'], cmd: [] },
  ubuntu: shell,
};

/** The defaults of an image, by its name. */
export function imageDefaults(image: string): ImageDefaults | undefined {
  const name = /(?:^|\/)([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1] ?? '';
  return Object.hasOwn(known, name) ? known[name] : undefined;
}

/** The files of an image by their paths; what is not known to be in them is said in words. */
export function imageFiles(image: string): ReadonlyMap<string, Uint8Array> {
  const files = Object.entries(imageDefaults(image)?.files ?? {});
  return new Map(
    files.map(([path, content]): [string, Uint8Array] => [
      path,
      Buffer.from(content ?? '(not in this simulated image)\n'),
    ]),
  );
}
