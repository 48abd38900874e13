import type { Container, Pod } from '../../api/types/core-v1.ts';
import { formatDuration } from '../../apimachinery/duration.ts';
import { imageNameProblem } from '../../apimachinery/image-reference.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { mayUseImage, pullImage } from './pull-image.ts';

const firstBackoffMillis = 10_000;
const longestBackoffMillis = 300_000;

/** Why a container is not started yet. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** The container cannot start, for a reason, and may be looked at again later (milliseconds). */
interface Delay extends Waiting {
  readonly again?: number;
}

/** Gets the images of one pod's containers, by their pull policy. */
export class PodImages {
  readonly #context: PodWorkerContext;
  readonly #backoff = new Map<string, { until: number; millis: number; error: string }>();

  constructor(context: PodWorkerContext) {
    this.#context = context;
  }

  /** @returns undefined when the image is there */
  async ensure(pod: Pod, container: Container): Promise<Delay | undefined> {
    const { runtime, clock, recordEvent } = this.#context;
    const image = container.image ?? '';
    const problem = imageNameProblem(image);
    if (problem !== undefined) {
      const quoted = JSON.stringify(image);
      const message = `Failed to apply default image tag ${quoted}: couldn't parse image name ${quoted}: ${problem}`;
      recordEvent(pod, 'Warning', 'InspectFailed', message, container.name);
      recordEvent(pod, 'Warning', 'Failed', 'Error: InvalidImageName', container.name);
      return { reason: 'InvalidImageName', message };
    }
    const policy = container.imagePullPolicy ?? 'IfNotPresent';
    const present = await runtime.imageStatus(image);
    const isUsable = present !== undefined && mayUseImage(this.#context, pod, image, present);
    if (isUsable && policy !== 'Always') {
      const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
      recordEvent(pod, 'Normal', 'Pulled', message, container.name);
      return undefined;
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      recordEvent(pod, 'Warning', 'ErrImageNeverPull', message, container.name);
      return { reason: 'ErrImageNeverPull', message };
    }
    const backoff = this.#backoff.get(image);
    if (backoff !== undefined && backoff.until > clock.now()) {
      const message = `Back-off pulling image "${image}"`;
      recordEvent(pod, 'Normal', 'BackOff', message, container.name);
      const again = backoff.until - clock.now();
      return { reason: 'ImagePullBackOff', message: `${message}: ErrImagePull: ${backoff.error}`, again };
    }
    return this.#pull(pod, container, image, backoff?.millis);
  }

  async #pull(pod: Pod, container: Container, image: string, last: number | undefined): Promise<Delay | undefined> {
    const { runtime, clock, recordEvent } = this.#context;
    recordEvent(pod, 'Normal', 'Pulling', `Pulling image "${image}"`, container.name);
    const begun = clock.now();
    try {
      await pullImage(this.#context, pod, image);
    } catch (error) {
      const text = messageOf(error);
      recordEvent(pod, 'Warning', 'Failed', `Failed to pull image "${image}": ${text}`, container.name);
      recordEvent(pod, 'Warning', 'Failed', 'Error: ErrImagePull', container.name);
      const millis = Math.min((last ?? firstBackoffMillis / 2) * 2, longestBackoffMillis);
      this.#backoff.set(image, { until: clock.now() + millis, millis, error: text });
      return { reason: 'ErrImagePull', message: text, again: 1000 };
    }
    this.#backoff.delete(image);
    const took = formatDuration(clock.now() - begun);
    const size = (await runtime.imageStatus(image))?.sizeBytes ?? 0;
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${size} bytes.`;
    recordEvent(pod, 'Normal', 'Pulled', message, container.name);
    return undefined;
  }
}

/** Tells of secrets for registries that are not there; images may be had without them. */
export function checkPullSecrets(
  pod: Pod,
  { secretOf, recordEvent }: Pick<PodWorkerContext, 'secretOf' | 'recordEvent'>,
): void {
  const { namespace = '' } = pod.metadata;
  const names = (pod.spec?.imagePullSecrets ?? []).map(({ name = '' }) => name).filter((name) => name !== '');
  const missing = names.filter((name) => secretOf(namespace, name) === undefined).join(', ');
  if (missing === '') return;
  const text = `Unable to retrieve some image pull secrets (${missing}); attempting to pull the image may not succeed.`;
  recordEvent(pod, 'Warning', 'FailedToRetrieveImagePullSecret', text);
}
