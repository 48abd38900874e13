import type { Namespace, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts';
import { FieldPath, invalid, invalidObject, type FieldError } from '../../apimachinery/field-error.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { forbidden } from '../../apimachinery/status.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { describeViolations, podSecurityViolations, type PodSecurityLevel } from './pod-security-checks.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
const prefix = 'pod-security.kubernetes.io/';
const modes = ['enforce', 'audit', 'warn'] as const;
/** The newest version of the standards, and what `latest` means. */
const newestMinor = 36;

interface Policy {
  readonly level: PodSecurityLevel;
  /** `latest` or `v1.x`. */
  readonly version: string;
  readonly minor: number;
}

/** Where a resource's pod template is. */
const templatePaths: Readonly<Record<string, readonly string[]>> = {
  podtemplates: ['template'],
  replicationcontrollers: ['spec', 'template'],
  'apps/replicasets': ['spec', 'template'],
  'apps/deployments': ['spec', 'template'],
  'apps/statefulsets': ['spec', 'template'],
  'apps/daemonsets': ['spec', 'template'],
  'batch/jobs': ['spec', 'template'],
  'batch/cronjobs': ['spec', 'jobTemplate', 'spec', 'template'],
};

/** Holds pods to the Pod Security Standards that their namespace's labels ask for. */
export function podSecurity(context: AdmissionContext): AdmissionPlugin {
  const namespaceOf = getWithFallback<Namespace>(context, namespacesResource);
  // Asked for so seldom that a local copy of all pods does not pay.
  const podsOf = async (namespace: string): Promise<readonly Pod[]> =>
    (await context.client.resource<Pod>(podsResource, namespace).list()).items;
  return {
    name: 'PodSecurity',
    async validate(attributes) {
      const { operation, subresource, namespace } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      const resource = resourceKey(attributes);
      if (resource === 'namespaces') {
        if (subresource === '') await checkNamespace(attributes, podsOf);
        return;
      }
      const path = templatePaths[resource];
      if (resource !== 'pods' && (path === undefined || subresource !== '')) return;
      const labels = (await namespaceOf('', namespace))?.metadata.labels ?? {};
      if (resource === 'pods') checkPod(attributes, labels);
      else warnOf(templateOf(attributes, path ?? []), policyOf(labels, 'warn'), attributes);
    },
  };
}

function checkPod(attributes: AdmissionAttributes, labels: Readonly<Record<string, string>>): void {
  const { object, oldObject, subresource, operation } = attributes;
  if (subresource !== '' && subresource !== 'ephemeralcontainers') return;
  const pod = object as unknown as Pod;
  if (operation === 'UPDATE' && !changesPolicy(pod, oldObject)) return;
  const enforced = policyOf(labels, 'enforce');
  const violations = podSecurityViolations(pod, enforced.level, enforced.minor);
  if (violations.length > 0) {
    const message = `violates PodSecurity ${nameOf(enforced)}: ${describeViolations(violations)}`;
    throw forbidden(attributes.resource, attributes.name, message);
  }
  warnOf(pod, policyOf(labels, 'warn'), attributes);
}

/** Only containers, their images aside, and annotations that the standards read can still change. */
function changesPolicy(pod: Pod, old: Pod | undefined): boolean {
  if (old === undefined) return true;
  const relevant = ({ metadata, spec }: Pod): unknown => {
    const bare = (list: readonly object[] | undefined): unknown =>
      (list ?? []).map((container) => ({ ...container, image: undefined }));
    const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => key.includes('apparmor'));
    return {
      annotations: Object.fromEntries(annotations),
      spec: {
        ...spec,
        activeDeadlineSeconds: undefined,
        tolerations: undefined,
        containers: bare(spec?.containers),
        initContainers: bare(spec?.initContainers),
        ephemeralContainers: bare(spec?.ephemeralContainers),
      },
    };
  };
  return !equalJson(relevant(pod), relevant(old));
}

function warnOf(pod: Pod | undefined, policy: Policy, attributes: AdmissionAttributes): void {
  if (pod === undefined) return;
  const violations = podSecurityViolations(pod, policy.level, policy.minor);
  if (violations.length === 0) return;
  attributes.warn(`would violate PodSecurity ${nameOf(policy)}: ${describeViolations(violations)}`);
}

function nameOf({ level, version }: Policy): string {
  return `"${level}:${version}"`;
}

function templateOf({ object }: AdmissionAttributes, path: readonly string[]): Pod | undefined {
  let value: unknown = object;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  const template = value as PodTemplateSpec | undefined;
  if (template?.spec === undefined) return undefined;
  return { apiVersion: 'v1', kind: 'Pod', metadata: template.metadata ?? {}, spec: template.spec };
}

/** What a namespace's labels ask for; what cannot be read is taken at its strictest, as far as it is enforced. */
function policyOf(labels: Readonly<Record<string, string>>, mode: (typeof modes)[number]): Policy {
  const level = labels[`${prefix}${mode}`] ?? 'privileged';
  const version = labels[`${prefix}${mode}-version`] ?? 'latest';
  const minor = minorOf(version);
  const fallback = mode === 'enforce' ? 'restricted' : 'privileged';
  return {
    level: isLevel(level) ? level : fallback,
    version: minor === undefined ? 'latest' : version,
    minor: Math.min(minor ?? newestMinor, newestMinor),
  };
}

function isLevel(text: string): text is PodSecurityLevel {
  return text === 'privileged' || text === 'baseline' || text === 'restricted';
}

function minorOf(version: string): number | undefined {
  if (version === 'latest') return newestMinor;
  const match = /^v1\.(0|[1-9]\d*)$/.exec(version);
  return match === null ? undefined : Number(match[1]);
}

/** Refuses labels that say nothing, and tells which pods a stricter level would not have let in. */
async function checkNamespace(
  attributes: AdmissionAttributes,
  podsOf: (namespace: string) => Promise<readonly Pod[]>,
): Promise<void> {
  const labels = attributes.object?.metadata.labels ?? {};
  const errors = labelErrors(labels);
  const old = attributes.oldObject?.metadata.labels ?? {};
  if (errors.length > 0) {
    const isNew = attributes.operation === 'CREATE' || !equalJson(labelErrors(old), errors);
    if (isNew) throw invalidObject(attributes.kind, attributes.name, errors);
    return;
  }
  if (attributes.operation === 'CREATE') return;
  const before = policyOf(old, 'enforce');
  const policy = policyOf(labels, 'enforce');
  const isLooser = policy.level === 'privileged' || (policy.level === 'baseline' && before.level === 'restricted');
  if (equalJson(before, policy) || (isLooser && policy.version === before.version)) return;
  const warnings = policy.level === 'privileged' ? [] : existingViolations(await podsOf(attributes.name), policy);
  if (warnings.length === 0) return;
  attributes.warn(
    `existing pods in namespace "${attributes.name}" violate the new PodSecurity enforce level ${nameOf(policy)}`,
  );
  for (const warning of warnings) attributes.warn(warning);
}

/** `web-0 (and 2 other pods): privileged, hostPort`. Pods of one controller are looked at once. */
function existingViolations(pods: readonly Pod[], policy: Policy): string[] {
  const byReasons = new Map<string, string[]>();
  const sorted = pods.toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
  for (const pod of sorted) {
    const violations = podSecurityViolations(pod, policy.level, policy.minor);
    if (violations.length === 0) continue;
    const reasons = violations.map(({ reason }) => reason).join(', ');
    byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), pod.metadata.name ?? '']);
  }
  return [...byReasons].map(([reasons, [first = '', ...others]]) => {
    if (others.length === 0) return `${first}: ${reasons}`;
    return `${first} (and ${others.length} other ${others.length === 1 ? 'pod' : 'pods'}): ${reasons}`;
  });
}

function labelErrors(labels: Readonly<Record<string, string>>): FieldError[] {
  const path = new FieldPath('metadata.labels');
  return modes.flatMap((mode) => {
    const level = labels[`${prefix}${mode}`];
    const version = labels[`${prefix}${mode}-version`];
    return [
      ...(level === undefined || isLevel(level)
        ? []
        : [invalid(path.key(`${prefix}${mode}`), level, 'must be one of privileged, baseline, restricted')]),
      ...(version === undefined || minorOf(version) !== undefined
        ? []
        : [invalid(path.key(`${prefix}${mode}-version`), version, 'must be "latest" or "v1.x"')]),
    ];
  });
}
