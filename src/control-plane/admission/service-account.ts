import { booleanOf } from '../../apimachinery/boolean.ts';
import { isPathSegmentName } from '../../apimachinery/names.ts';
import type { Container, Pod, ServiceAccount, Volume } from '../../api/types/core-v1.ts';
import { plainError } from '../../apimachinery/status.ts';
import { sleep } from '../../system/clock.ts';
import { nameSuffix, type Random } from '../../system/random.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { usesSecrets } from './mirror-pod-references.ts';
import { refusal } from './refusal.ts';

const accountsResource = { group: '', version: 'v1', resource: 'serviceaccounts' } as const;
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenSeconds = 3607;
const defaultAttempts = 10;
const retryMillis = 150;
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';

/** Pods run as a service account, `default` when they name none, with its token mounted. */
export function serviceAccount(context: AdmissionContext, random: Random): AdmissionPlugin {
  const lookUp = getWithFallback<ServiceAccount>(context, accountsResource);
  const find = async (namespace: string, name: string): Promise<ServiceAccount | undefined> => {
    // The default one is made by a controller, which a namespace just created has to be given time for.
    const attempts = name === 'default' ? defaultAttempts : 1;
    for (let attempt = 1; ; attempt++) {
      const found = await lookUp(namespace, name);
      if (found !== undefined || attempt >= attempts) return found;
      await sleep(context.clock, retryMillis);
    }
  };
  const required = async (attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> => {
    const problems = isPathSegmentName(name, false);
    if (problems.length > 0) {
      const where = `${attributes.namespace}/${name}`;
      const message = `error looking up service account ${where}: invalid resource name "${name}": [${problems.join(' ')}]`;
      throw refusal(attributes, message);
    }
    const account = await find(attributes.namespace, name);
    if (account !== undefined) return account;
    const message = `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`;
    throw refusal(attributes, message);
  };
  const check = async (attributes: AdmissionAttributes): Promise<void> => {
    if (resourceKey(attributes) !== 'pods') return;
    const { operation, subresource } = attributes;
    const pod = attributes.object as unknown as Pod;
    const isDebugged = operation === 'UPDATE' && subresource === 'ephemeralcontainers';
    if (!isDebugged && !isNewPod(attributes)) return;
    if (!isDebugged && isMirror(pod)) {
      const complaint = mirrorComplaint(pod);
      if (complaint !== '') throw refusal(attributes, complaint);
      return;
    }
    const name = pod.spec?.serviceAccountName ?? '';
    if (name === '') {
      const where = `${attributes.namespace}/${pod.metadata.name ?? ''}`;
      throw refusal(attributes, `no service account specified for pod ${where}`);
    }
    const account = await required(attributes, name);
    if (booleanOf(account.metadata.annotations?.[enforceAnnotation] ?? '') !== true) return;
    const violation = isDebugged ? debuggingViolation(pod, account) : secretViolation(pod, account);
    if (violation === '') return;
    // The real server lets the complaint about ephemeral containers through as it is.
    throw isDebugged ? plainError(violation) : refusal(attributes, violation);
  };
  return {
    name: 'ServiceAccount',
    async admit(attributes) {
      if (!isNewPod(attributes)) return;
      const pod = attributes.object as unknown as Pod;
      if (isMirror(pod) || pod.spec === undefined) return check(attributes);
      const { spec } = pod;
      if ((spec.serviceAccountName ?? '') === '') spec.serviceAccountName = 'default';
      const name = spec.serviceAccountName ?? 'default';
      const account = await required(attributes, name);
      spec.serviceAccount = name;
      if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod, random);
      if ((spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
        spec.imagePullSecrets = (account.imagePullSecrets ?? []).map((secret) => ({ ...secret }));
      }
      // What it must not use is told before what is invalid.
      return check(attributes);
    },
    validate: check,
  };
}

function isNewPod(attributes: AdmissionAttributes): boolean {
  const { operation, subresource } = attributes;
  return operation === 'CREATE' && resourceKey(attributes) === 'pods' && subresource === '';
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined;
}

/** Static pods are known to the API by a mirror, which must not lean on objects of the API. */
function mirrorComplaint({ spec }: Pod): string {
  if ((spec?.serviceAccountName ?? '') !== '') return 'a mirror pod may not reference service accounts';
  if (usesSecrets(spec)) return 'a mirror pod may not reference secrets';
  const hasToken = (spec?.volumes ?? []).some(({ projected }) =>
    (projected?.sources ?? []).some((source) => source.serviceAccountToken !== undefined),
  );
  return hasToken ? 'a mirror pod may not use ServiceAccountToken volume projections' : '';
}

/** Secrets a container's environment is made of, with how an error says where. */
function secretReferences(container: Container): (readonly [string, string])[] {
  const single = (container.env ?? []).flatMap((variable): (readonly [string, string])[] => {
    const reference = variable.valueFrom?.secretKeyRef;
    return reference === undefined ? [] : [[`with envVar ${variable.name}`, reference.name ?? '']];
  });
  const whole = (container.envFrom ?? []).flatMap((source): (readonly [string, string])[] =>
    source.secretRef === undefined ? [] : [['with envFrom', source.secretRef.name ?? '']],
  );
  return [...single, ...whole];
}

const ending = (account: string, what: string): string =>
  `is not allowed because service account ${account} does not reference that ${what}`;

/** What the containers that are added to a pod use beyond the secrets its account names. */
function debuggingViolation({ spec }: Pod, account: ServiceAccount): string {
  return environmentViolation('ephemeral container', spec?.ephemeralContainers ?? [], account);
}

function environmentViolation(title: string, containers: readonly Container[], account: ServiceAccount): string {
  const allowed = mountableSecrets(account);
  for (const container of containers) {
    for (const [where, secretName] of secretReferences(container)) {
      if (allowed.has(secretName)) continue;
      const end = ending(account.metadata.name ?? '', 'secret');
      return `${title} ${container.name} ${where} referencing secret.secretName="${secretName}" ${end}`;
    }
  }
  return '';
}

function mountableSecrets({ secrets = [] }: ServiceAccount): ReadonlySet<string> {
  return new Set(secrets.map(({ name }) => name ?? ''));
}

/** What a pod uses beyond the secrets its account names, where the account asks for that check. */
function secretViolation({ spec }: Pod, account: ServiceAccount): string {
  const name = account.metadata.name ?? '';
  const allowed = mountableSecrets(account);
  for (const { secret } of spec?.volumes ?? []) {
    const secretName = secret?.secretName ?? '';
    if (secret !== undefined && !allowed.has(secretName)) {
      return `volume with secret.secretName="${secretName}" ${ending(name, 'secret')}`;
    }
  }
  const violation =
    environmentViolation('init container', spec?.initContainers ?? [], account) ||
    environmentViolation('container', spec?.containers ?? [], account);
  if (violation !== '') return violation;
  const pullable = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name ?? ''));
  const index = (spec?.imagePullSecrets ?? []).findIndex((secret) => !pullable.has(secret.name ?? ''));
  if (index < 0) return '';
  const pullSecret = spec?.imagePullSecrets?.[index]?.name ?? '';
  return `imagePullSecrets[${index}].name="${pullSecret}" ${ending(name, 'imagePullSecret')}`;
}

function mountToken(pod: Pod, random: Random): void {
  const { spec } = pod;
  if (spec === undefined) return;
  const isMounted = (path: string): boolean => path === tokenPath;
  const existing = (spec.volumes ?? []).find((volume) => volume.name.startsWith('kube-api-access-'));
  const volume = existing ?? tokenVolume(`kube-api-access-${nameSuffix(random)}`);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
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
