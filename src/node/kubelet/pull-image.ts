import type { Pod, Secret } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { imageRepository } from '../../apimachinery/image-reference.ts';
import { type Image, RuntimeError } from '../cri/runtime.ts';
import type { PodWorkerContext } from './pod-worker-context.ts';
import { registryLogins, type SecretLogin } from './registry-logins.ts';

type PullContext = Pick<PodWorkerContext, 'runtime' | 'secretOf' | 'imageAccess'>;

/** Whether a pod may use an image that is on the node without asking for it once more. */
export function mayUseImage(context: PullContext, pod: Pod, image: string, present: Image): boolean {
  return context.imageAccess.allows(present.id, imageRepository(image), loginsOf(context, pod, image));
}

/**
 * Pulls an image with the logins of the pod's secrets, one after the other, without one when there is none.
 * @throws Error with what the runtime said to each
 */
export async function pullImage(context: PullContext, pod: Pod, image: string): Promise<void> {
  const { runtime, imageAccess } = context;
  const logins = loginsOf(context, pod, image);
  const problems = new Set<string>();
  for (const login of logins.length > 0 ? logins : [undefined]) {
    try {
      await (login === undefined ? runtime.pullImage(image) : runtime.pullImage(image, login));
      const pulled = await runtime.imageStatus(image);
      if (pulled !== undefined) imageAccess.recordPull(pulled.id, imageRepository(image), login);
      return;
    } catch (error) {
      problems.add(problemOf(error));
    }
  }
  const [first = '', ...others] = problems;
  throw new Error(others.length === 0 ? first : `[${[...problems].join(', ')}]`);
}

function loginsOf({ secretOf }: PullContext, { metadata, spec }: Pod, image: string): readonly SecretLogin[] {
  const secrets = (spec?.imagePullSecrets ?? [])
    .map(({ name = '' }) => secretOf(metadata.namespace ?? '', name))
    .filter((secret): secret is Secret => secret !== undefined);
  return secrets.length === 0 ? [] : registryLogins(imageRepository(image), secrets);
}

/** As gRPC tells errors, but for those of no known kind, which kubelets tell without it. */
function problemOf(error: unknown): string {
  if (!(error instanceof RuntimeError) || error.code === 'Unknown') return messageOf(error);
  return `rpc error: code = ${error.code} desc = ${error.message}`;
}
