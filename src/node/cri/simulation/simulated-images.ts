import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../system/clock.ts';
import { type ImageReference, parseImageReference } from '../../../apimachinery/image-reference.ts';
import { type Image, type ImageService, type RegistryLogin, RuntimeError } from '../runtime.ts';
import { findInRegistry } from './image-registry.ts';
import { imageDefaults, imageFiles } from './images/image-defaults.ts';

export interface SimulatedImagesOptions {
  readonly clock: Clock;
  /** How long a pull takes. */
  readonly pullMillis: number | undefined;
  /** Connects to a port of the node's loopback address. @throws Error when nothing listens there */
  readonly dialLoopback: ((port: number) => Promise<Duplex>) | undefined;
}

/** A repository or tag that says of itself that it is not there. */
const absentName = /(?:^|[/.-])(?:404|invalid|nonexistent|non-existent|does-?n(?:o|')?t-?exist)(?:$|[/.-])/;

/**
 * The images of a simulated node. Those of registries that a pod serves on the node's loopback address (`localhost:5000/…`)
 * are what that registry says; all others can be had, but for those whose registry or own name says otherwise.
 */
export class SimulatedImages implements ImageService {
  readonly #options: SimulatedImagesOptions;
  readonly #images = new Map<string, Image>();

  constructor(options: SimulatedImagesOptions) {
    this.#options = options;
  }

  /** An image that is there: what imageStatus tells, for those who cannot wait. */
  get(image: string): Image | undefined {
    return this.#images.get(image);
  }

  async imageStatus(image: string): Promise<Image | undefined> {
    return this.get(image);
  }

  async pullImage(image: string, login?: RegistryLogin): Promise<string> {
    const { clock, pullMillis, dialLoopback } = this.#options;
    if (pullMillis !== undefined) {
      await new Promise<void>((resolve) => clock.setTimer(resolve, pullMillis));
    }
    const name = parseImageReference(image);
    const absence = absenceOf(name);
    if (absence !== undefined) throw absence;
    const served =
      dialLoopback === undefined ? undefined : await findInRegistry(name, { dial: dialLoopback, clock, login });
    const digest = served?.digest ?? `sha256:${sha256(`${name.repository}:${name.tag}`)}`;
    const uid = imageDefaults(image)?.uid;
    const pulled: Image = {
      ...(uid === undefined ? {} : { uid }),
      id: served?.id ?? `sha256:${sha256(digest.slice('sha256:'.length))}`,
      repoTags: [`${name.repository}:${name.tag}`],
      repoDigests: [`${name.repository}@${digest}`],
      sizeBytes: served?.sizeBytes ?? 1024 * 1024 * (5 + (Number.parseInt(digest.slice(7, 11), 16) % 200)),
    };
    this.#images.set(image, pulled);
    return pulled.repoDigests[0] ?? pulled.id;
  }

  async imageFiles(image: string): Promise<ReadonlyMap<string, Uint8Array>> {
    return imageFiles(image);
  }

  async listImages(): Promise<readonly Image[]> {
    return [...new Map([...this.#images.values()].map((image) => [image.id, image])).values()];
  }
}

/** Why an image cannot be had, in containerd's words; undefined unless its registry's or its own name says so. */
function absenceOf({ repository, tag }: ImageReference): RuntimeError | undefined {
  const reference = `${repository}:${tag}`;
  const host = repository.slice(0, repository.indexOf('/'));
  const failed = `failed to pull and unpack image "${reference}": failed to resolve reference "${reference}"`;
  if (host.split('.').includes('invalid')) {
    const url = `https://${host}/v2${repository.slice(host.length)}/manifests/${tag}`;
    const problem = `failed to do request: Head "${url}": dial tcp: lookup ${host}: no such host`;
    return new RuntimeError('Unknown', `${failed}: ${problem}`);
  }
  if (!absentName.test(repository.slice(host.length + 1)) && !absentName.test(tag)) return undefined;
  return new RuntimeError('NotFound', `${failed}: ${reference}: not found`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
