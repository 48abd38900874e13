const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const host = String.raw`(?:${label}(?:\.${label})*|\[[a-fA-F0-9:]+\])`;
const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const tag = String.raw`[\w][\w.-]{0,127}`;
const digestText = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const reference = new RegExp(`^(?:${host}(?::[0-9]+)?/)?${part}(?:/${part})*(?::${tag})?(?:@${digestText})?$`);

/** Whether a text names an image: `[host[:port]/]path[:tag][@digest]`, as the distribution project defines it. */
export function isImageReference(text: string): boolean {
  return reference.test(text);
}

const hub = 'docker.io';
const longestPath = 255;
const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Why a text does not name an image, in the words of the distribution project; undefined when it does. */
export function imageNameProblem(text: string): string | undefined {
  if (/^[a-f0-9]{64}$/.test(text)) {
    return `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
  }
  const { domain, rest } = splitDomain(text);
  const [path = ''] = rest.split(':', 1);
  if (path.toLowerCase() !== path) return `invalid reference format: repository name (${path}) must be lowercase`;
  const whole = `${domain}/${rest}`;
  if (!isImageReference(whole)) {
    return isImageReference(whole.toLowerCase()) ? 'repository name must be lowercase' : 'invalid reference format';
  }
  if ((path.split('@', 1)[0] ?? '').length > longestPath) {
    return `repository name must not be more than ${longestPath} characters`;
  }
  return rest.includes('@') ? digestProblem(rest.slice(rest.indexOf('@') + 1)) : undefined;
}

/** The parts of an image's name. */
export interface ImageReference {
  /** Without tag and digest, with the registry that it is from: `docker.io/library/nginx` for `nginx`. */
  readonly repository: string;
  /** `latest` when nothing is said. */
  readonly tag: string;
  /** `sha256:…`; undefined when the name has none. */
  readonly digest: string | undefined;
}

/** Takes the name of an image apart; what is no such name is not refused. */
export function parseImageReference(text: string): ImageReference {
  const [named = '', digest] = text.split('@');
  return { repository: imageRepository(text), tag: /:([^/:]+)$/.exec(named)?.[1] ?? 'latest', digest };
}

/** An image's name without tag and digest, with the registry that it is from: `docker.io/library/nginx` for `nginx`. */
export function imageRepository(text: string): string {
  const { domain, rest } = splitDomain(text);
  return `${domain}/${rest.split(/[:@]/, 1)[0] ?? ''}`;
}

/** The registry of an image and the rest of its name; without one it is Docker's. */
function splitDomain(text: string): { readonly domain: string; readonly rest: string } {
  const cut = text.indexOf('/');
  const first = text.slice(0, Math.max(cut, 0));
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first;
  const rest = isDomain ? text.slice(cut + 1) : text;
  const domain = !isDomain || first === 'index.docker.io' ? hub : first;
  return { domain, rest: domain === hub && !rest.includes('/') ? `library/${rest}` : rest };
}

function digestProblem(digest: string): string | undefined {
  const [algorithm = '', hash = ''] = digest.split(':');
  const length = Object.hasOwn(digestLengths, algorithm) ? digestLengths[algorithm] : undefined;
  if (length === undefined) return 'unsupported digest algorithm';
  if (hash.length !== length) return 'invalid checksum digest length';
  return /^[a-f0-9]+$/.test(hash) ? undefined : 'invalid checksum digest format';
}
