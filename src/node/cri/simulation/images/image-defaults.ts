/** What an image runs when a container says nothing else. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Files that are known to be in the image, and what is in them where that is known. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

const shell: ImageDefaults = { entrypoint: [], cmd: ['sh'] };

/** Images by the last part of their name; what others run is not known here. */
const known: Readonly<Record<string, ImageDefaults>> = {
  agnhost: {
    entrypoint: ['/agnhost'],
    cmd: ['pause'],
    files: { '/localhost.crt': undefined, '/localhost.key': undefined },
  },
  alpine: shell,
  bash: shell,
  busybox: shell,
  debian: shell,
  fedora: shell,
  nautilus: {
    entrypoint: [],
    cmd: ['test-webserver'],
    files: { '/data.json': '{\n\t"image": "nautilus.jpg"\n}\n', '/nautilus.jpg': undefined },
  },
  nonewprivs: { entrypoint: [], cmd: ['nnp'] },
  pause: { entrypoint: ['/pause'], cmd: [] },
  ubuntu: shell,
};

/** The defaults of an image, by its name. */
export function imageDefaults(image: string): ImageDefaults | undefined {
  const name = /(?:^|\/)([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1] ?? '';
  return Object.hasOwn(known, name) ? known[name] : undefined;
}
