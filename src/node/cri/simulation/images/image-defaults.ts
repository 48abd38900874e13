/** What an image runs when a container says nothing else. */
export interface ImageDefaults {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Files that are known to be in the image; what is in them is not. */
  readonly files?: readonly string[];
}

const shell: ImageDefaults = { entrypoint: [], cmd: ['sh'] };

/** Images by the last part of their name; what others run is not known here. */
const known: Readonly<Record<string, ImageDefaults>> = {
  agnhost: { entrypoint: ['/agnhost'], cmd: ['pause'], files: ['/localhost.crt', '/localhost.key'] },
  alpine: shell,
  bash: shell,
  busybox: shell,
  debian: shell,
  fedora: shell,
  pause: { entrypoint: ['/pause'], cmd: [] },
  ubuntu: shell,
};

/** The defaults of an image, by its name. */
export function imageDefaults(image: string): ImageDefaults | undefined {
  const name = /(?:^|\/)([^/:@]+)(?:[:@][^/]*)?$/.exec(image)?.[1] ?? '';
  return Object.hasOwn(known, name) ? known[name] : undefined;
}
