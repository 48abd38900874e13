import type { Container, Namespace, Pod, PodTemplateSpec } from '../../api/types/core-v1.ts';
import { aggregateMessages, formatFieldError, invalidObject } from '../../apimachinery/field-error.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { forbidden } from '../../apimachinery/status.ts';
import type { AdmissionAudience } from './admission-observer.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { openPodSecurity, type PodSecurityConfiguration } from './configuration/pod-security-configuration.ts';
import { describeViolations, podSecurityViolations } from './pod-security-checks.ts';
import {
  compareLevels,
  describeStandard,
  podSecurityLabelErrors,
  type PodSecurityMode,
  podSecurityModes,
  type PodSecurityPolicy,
  podSecurityPrefix,
  type PodSecurityStandard,
  podSecurityStandard,
  policyOfLabels,
} from './pod-security-policy.ts';

const namespacesResource = { group: '', version: 'v1', resource: 'namespaces' } as const;
const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;
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

/** What is asked of a pod without a say in what it runs. */
const ignoredSubresources: ReadonlySet<string> = new Set([
  'exec',
  'attach',
  'binding',
  'eviction',
  'log',
  'portforward',
  'proxy',
  'status',
]);

/** Holds pods to the Pod Security Standards that their namespace's labels ask for, or else the configuration. */
export function podSecurity(context: AdmissionContext, configuration = openPodSecurity): AdmissionPlugin {
  const namespaceOf = getWithFallback<Namespace>(context, namespacesResource);
  // Asked for so seldom that a local copy of all pods does not pay.
  const podsOf = async (namespace: string): Promise<readonly Pod[]> =>
    (await context.client.resource<Pod>(podsResource, namespace).list()).items;
  const rules = { ...rulesOf(configuration), audience: context.audience };
  return {
    name: 'PodSecurity',
    async validate(attributes) {
      const { operation, subresource, namespace } = attributes;
      if (operation !== 'CREATE' && operation !== 'UPDATE') return;
      const resource = resourceKey(attributes);
      if (resource === 'namespaces') {
        if (subresource === '') await checkNamespace(attributes, rules, podsOf);
        return;
      }
      const path = templatePaths[resource];
      const isPod = resource === 'pods' && !ignoredSubresources.has(subresource);
      if (!isPod && (path === undefined || subresource !== '')) return;
      const exemption = exemptionOf(attributes, rules.configuration);
      if (exemption !== undefined) return exempt(attributes, exemption, rules);
      const labels = (await namespaceOf('', namespace))?.metadata.labels ?? {};
      const pod = isPod ? (attributes.object as unknown as Pod) : templateOf(attributes, path ?? []);
      if (pod === undefined) return;
      if (isOpen(labels, isPod ? podSecurityModes : ['audit', 'warn'], rules)) {
        if (isPod) tellOpen(labels, attributes, rules);
        return;
      }
      if (isPod && operation === 'UPDATE' && !changesPolicy(pod, attributes.oldObject)) return;
      check(pod, isPod, labels, attributes, rules);
    },
  };
}

/** Whether some modes let everything through, whatever the pod is. */
function isOpen(
  labels: Readonly<Record<string, string>>,
  modes: readonly PodSecurityMode[],
  { defaults }: Rules,
): boolean {
  const policy = policyOfLabels(labels, defaults);
  const isPrivileged = modes.every((mode) => policy[mode].level === 'privileged');
  return isPrivileged && podSecurityLabelErrors(labels).length === 0;
}

function tellOpen(labels: Readonly<Record<string, string>>, attributes: AdmissionAttributes, rules: Rules): void {
  const { level, version } = policyOfLabels(labels, rules.defaults).enforce;
  rules.audience?.observer?.podSecurity({ decision: 'allow', level, version, mode: 'enforce', attributes });
  note(attributes, 'enforce-policy', 'privileged:latest');
}

interface Rules {
  readonly configuration: PodSecurityConfiguration;
  readonly defaults: PodSecurityPolicy;
  readonly audience: Pick<AdmissionAudience, 'observer'> | undefined;
}

function rulesOf(configuration: PodSecurityConfiguration): Omit<Rules, 'audience'> {
  const one = (mode: PodSecurityMode): PodSecurityStandard => {
    const { level, version } = configuration.defaults[mode];
    return podSecurityStandard(level, version);
  };
  return { configuration, defaults: { enforce: one('enforce'), audit: one('audit'), warn: one('warn') } };
}

function exemptionOf(
  { namespace, user }: AdmissionAttributes,
  { exemptions }: PodSecurityConfiguration,
): 'namespace' | 'user' | undefined {
  if (exemptions.namespaces.includes(namespace)) return 'namespace';
  return exemptions.usernames.includes(user.username) ? 'user' : undefined;
}

function isExemptByClass({ spec }: Pod, { exemptions }: PodSecurityConfiguration): boolean {
  return exemptions.runtimeClasses.includes(spec?.runtimeClassName ?? '');
}

function exempt(attributes: AdmissionAttributes, why: string, { audience }: Rules): void {
  audience?.observer?.podSecurityExempt(attributes);
  note(attributes, 'exempt', why);
}

function note(attributes: AdmissionAttributes, key: string, text: string): void {
  attributes.annotate?.(`${podSecurityPrefix}${key}`, text);
}

/** Refuses a pod; of what only makes pods it warns. */
function check(
  pod: Pod,
  isEnforced: boolean,
  labels: Readonly<Record<string, string>>,
  attributes: AdmissionAttributes,
  rules: Rules,
): void {
  const { configuration, defaults, audience } = rules;
  const policy = policyOfLabels(labels, defaults);
  if (isExemptByClass(pod, configuration)) return exempt(attributes, 'runtimeClass', rules);
  const tell = (mode: PodSecurityMode, decision: 'allow' | 'deny'): void => {
    const { level, version } = policy[mode];
    audience?.observer?.podSecurity({ decision, level, version, mode, attributes });
  };
  const errors = podSecurityLabelErrors(labels);
  if (errors.length > 0) {
    audience?.observer?.podSecurityFailed(attributes, false);
    note(attributes, 'error', `Failed to parse policy: ${aggregateMessages(errors.map(formatFieldError))}`);
  }
  const violationsOf = ({ level, minor }: PodSecurityStandard): string =>
    describeViolations(podSecurityViolations(pod, level, minor));
  const enforced = isEnforced ? violationsOf(policy.enforce) : '';
  if (isEnforced) tell('enforce', enforced === '' ? 'allow' : 'deny');
  if (isEnforced) note(attributes, 'enforce-policy', `${policy.enforce.level}:${policy.enforce.version}`);
  const audited = violationsOf(policy.audit);
  if (audited !== '') {
    tell('audit', 'deny');
    note(attributes, 'audit-violations', `would violate PodSecurity ${describeStandard(policy.audit)}: ${audited}`);
  }
  if (enforced !== '') {
    const message = `violates PodSecurity ${describeStandard(policy.enforce)}: ${enforced}`;
    throw forbidden(attributes.resource, attributes.name, message);
  }
  const warned = violationsOf(policy.warn);
  if (warned === '') return;
  tell('warn', 'deny');
  attributes.warn(`would violate PodSecurity ${describeStandard(policy.warn)}: ${warned}`);
}

/** Of what can still change in a pod, only containers that come or get another image make it worth another look. */
function changesPolicy({ spec }: Pod, old: Pod | undefined): boolean {
  const before = old?.spec;
  const images = (containers: readonly Container[] = []): (string | undefined)[] =>
    containers.map(({ image }) => image);
  if (!equalJson(images(spec?.containers), images(before?.containers))) return true;
  if (!equalJson(images(spec?.initContainers), images(before?.initContainers))) return true;
  return (spec?.ephemeralContainers ?? []).some(({ name, image }) => {
    const known = before?.ephemeralContainers?.find((container) => container.name === name);
    return known === undefined || known.image !== image;
  });
}

function templateOf({ object }: AdmissionAttributes, path: readonly string[]): Pod | undefined {
  let value: unknown = object;
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name];
  const template = value as PodTemplateSpec | undefined;
  if (template?.spec === undefined) return undefined;
  return { apiVersion: 'v1', kind: 'Pod', metadata: template.metadata ?? {}, spec: template.spec };
}

/** Refuses labels that say nothing, and tells which pods a stricter level would not have let in. */
async function checkNamespace(
  attributes: AdmissionAttributes,
  { configuration, defaults }: Rules,
  podsOf: (namespace: string) => Promise<readonly Pod[]>,
): Promise<void> {
  const isCreate = attributes.operation === 'CREATE';
  const labels = attributes.object?.metadata.labels ?? {};
  const errors = podSecurityLabelErrors(labels);
  const old = attributes.oldObject?.metadata.labels ?? {};
  if (errors.length > 0 && (isCreate || !equalJson(podSecurityLabelErrors(old), errors))) {
    throw invalidObject(attributes.kind, attributes.name, errors);
  }
  const policy = policyOfLabels(labels, defaults);
  if (!isCreate && !isStricter(policy.enforce, policyOfLabels(old, defaults).enforce)) return;
  const name = attributes.object?.metadata.name ?? attributes.name;
  if (configuration.exemptions.namespaces.includes(name)) {
    const warning = exemptionWarning(name, policy, labels, defaults);
    if (warning !== '') attributes.warn(warning);
    return;
  }
  if (isCreate) return;
  const pods = (await podsOf(name)).filter((pod) => !isExemptByClass(pod, configuration));
  const warnings = existingViolations(pods, policy.enforce);
  if (warnings.length === 0) return;
  const standard = describeStandard(policy.enforce);
  attributes.warn(`existing pods in namespace "${name}" violate the new PodSecurity enforce level ${standard}`);
  for (const warning of warnings) attributes.warn(warning);
}

/** Whether pods that were fine before may not be any more. */
function isStricter(now: PodSecurityStandard, before: PodSecurityStandard): boolean {
  if (now.level === 'privileged') return false;
  return now.version !== before.version || compareLevels(now, before) > 0;
}

/** Who labels a namespace that nothing is asked of is told so. */
function exemptionWarning(
  name: string,
  policy: PodSecurityPolicy,
  labels: Readonly<Record<string, string>>,
  defaults: PodSecurityPolicy,
): string {
  const isSame = (mode: PodSecurityMode): boolean => {
    const [one, other] = [policy[mode], defaults[mode]];
    const isOpen = one.level === 'privileged' && other.level === 'privileged';
    return isOpen || (one.level === other.level && one.version === other.version);
  };
  if (podSecurityModes.every((mode) => policy[mode].level === 'privileged') || podSecurityModes.every(isSame))
    return '';
  const ignored = podSecurityModes.flatMap((mode) => {
    const isSet = [mode, `${mode}-version`].some((label) => labels[`${podSecurityPrefix}${label}`] !== undefined);
    const { level, version } = policy[mode];
    return isSet && level !== 'privileged' ? [`${mode}=${level}:${version}`] : [];
  });
  return `namespace "${name}" is exempt from Pod Security, and the policy (${ignored.join(', ')}) will be ignored`;
}

/** `web-0 (and 2 other pods): privileged, hostPort`. Pods of one controller are looked at once. */
function existingViolations(pods: readonly Pod[], policy: PodSecurityStandard): string[] {
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
