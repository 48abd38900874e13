import type { Pod, ServiceAccount, Volume } from '../../api/types/core-v1.ts';
import { forbidden, hasReason } from '../../apimachinery/status.ts';
import { nameSuffix, type Random } from '../../system/random.ts';
import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';

const accountsResource = { group: '', version: 'v1', resource: 'serviceaccounts' } as const;
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenSeconds = 3607;
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Pods run as a service account, `default` when they name none, with its token mounted. */
export function serviceAccount(context: AdmissionContext, random: Random): AdmissionPlugin {
  const accounts = context.informer<ServiceAccount>(accountsResource);
  const find = async (namespace: string, name: string): Promise<ServiceAccount | undefined> => {
    const known = accounts.get(namespace, name);
    if (known !== undefined) return known;
    try {
      return await context.client.resource<ServiceAccount>(accountsResource, namespace).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    name: 'ServiceAccount',
    async admit(attributes) {
      if (attributes.operation !== 'CREATE' || resourceKey(attributes) !== 'pods' || attributes.subresource !== '')
        return;
      const pod = attributes.object as unknown as Pod;
      if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined || pod.spec === undefined) return;
      const { spec } = pod;
      if ((spec.serviceAccountName ?? '') === '') spec.serviceAccountName = 'default';
      const name = spec.serviceAccountName ?? 'default';
      const account = await find(attributes.namespace, name);
      if (account === undefined) {
        const message = `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`;
        throw forbidden(attributes.resource, attributes.name, message);
      }
      spec.serviceAccount = name;
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
      if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
        spec.imagePullSecrets = (account.imagePullSecrets ?? []).map((secret) => ({ ...secret }));
      }
    },
  };
}

function mountToken(pod: Pod, random: Random): void {
  const { spec } = pod;
  if (spec === undefined) return;
  const isMounted = (path: string): boolean => path === tokenPath;
  const existing = (spec.volumes ?? []).find((volume) => volume.name.startsWith('kube-api-access-'));
  const volume = existing ?? tokenVolume(`kube-api-access-${nameSuffix(random)}`);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((mount) => isMounted(mount.mountPath))) continue;
    container.volumeMounts = [...mounts, { name: volume.name, readOnly: true, mountPath: tokenPath }];
    needed = true;
  }
  if (needed && existing === undefined) spec.volumes = [...(spec.volumes ?? []), volume];
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}
