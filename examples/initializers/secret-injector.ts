import type { Container, Pod } from '../../src/api/types/core-v1.ts';
import { hasReason } from '../../src/apimachinery/status.ts';
import type { Client } from '../../src/client/client.ts';
import { type PodInitializer, PodRefused } from './pod-initializer.ts';

const domain = 'secret-injector.initializers.example.com';
const volumeName = 'injected-secret';
const secretsResource = { group: '', version: 'v1', resource: 'secrets' } as const;

/**
 * Mounts the secret that a pod's annotation `secret-injector.initializers.example.com/secret` names into each of its
 * containers, at `…/path` or `/var/run/secrets/injected`. A pod that names a secret which is not there is refused;
 * one that names none goes on as it is.
 */
export const secretInjector: PodInitializer = {
  name: domain,
  async initialize(pod, client) {
    const { annotations = {}, namespace = '' } = pod.metadata;
    const secretName = annotations[`${domain}/secret`] ?? '';
    if (secretName === '') return;
    await requireSecret(client, namespace, secretName);
    inject(pod, secretName, annotations[`${domain}/path`] ?? '/var/run/secrets/injected');
  },
};

async function requireSecret(client: Client, namespace: string, name: string): Promise<void> {
  try {
    await client.resource(secretsResource, namespace).get(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    throw new PodRefused(`${domain}: secret "${name}" not found`);
  }
}

function inject({ spec }: Pod, secretName: string, mountPath: string): void {
  if (spec === undefined) return;
  const volumes = spec.volumes ?? [];
  if (volumes.some(({ name }) => name === volumeName)) return;
  spec.volumes = [...volumes, { name: volumeName, secret: { secretName } }];
  const mounted = (container: Container): Container => {
    const mounts = container.volumeMounts ?? [];
    // What the pod has there itself stays.
    if (mounts.some((mount) => mount.mountPath === mountPath)) return container;
    return { ...container, volumeMounts: [...mounts, { name: volumeName, mountPath, readOnly: true }] };
  };
  spec.containers = spec.containers.map(mounted);
  if (spec.initContainers !== undefined) spec.initContainers = spec.initContainers.map(mounted);
}
