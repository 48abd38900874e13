import { FieldPath, goQuote } from '../../../apimachinery/field-error.ts';
import { ipWarnings } from '../../../apimachinery/ip-address.ts';
import { isDns1123Label, isValidLabelValue } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type {
  Affinity,
  Container,
  ContainerPort,
  EphemeralContainer,
  Pod,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
} from '../../types/core-v1.ts';
import { nodeLabelDeprecation, nodeSelectorTermWarnings } from './deprecated-node-labels.ts';
import { fractionWarnings, volumeWarnings } from './volume-warnings.ts';

/** What is said of a name that pods get theirs from, when it is no DNS label. */
export function podNameWarnings(name: string): string[] {
  return nameWarning(name, 'in Pod names and hostnames');
}

function nameWarning(name: string, where: string): string[] {
  const messages = isDns1123Label(name);
  if (messages.length === 0) return [];
  const advice = `which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`;
  return [`metadata.name: this is used ${where}, ${advice}`];
}

/** What is let pass of a new pod, though it may not do what it seems to. */
export function podWarnings({ metadata, spec = { containers: [] } }: Pod): string[] {
  const name = nameWarning(metadata?.name ?? '', "in the Pod's hostname");
  return [...name, ...specWarnings(spec, metadata?.annotations ?? {}, new FieldPath(), false)];
}

/** The same of a template of pods. @param path of the template */
export function podTemplateWarnings(template: PodTemplateSpec | undefined, path: FieldPath): string[] {
  const { metadata, spec } = template ?? {};
  return spec === undefined ? [] : specWarnings(spec, metadata?.annotations ?? {}, path, true);
}

/** What kinds with a template share: what is said of new ones, and again when their generation changes. */
export function templateWarnings(
  templateOf: (object: Unstructured) => PodTemplateSpec | undefined,
  path: FieldPath,
  ofName: (name: string) => string[] = podNameWarnings,
): {
  podSpec(object: Unstructured): PodSpec | undefined;
  warningsOnCreate(object: Unstructured): string[];
  warningsOnUpdate(object: Unstructured, old: Unstructured): string[];
} {
  return {
    podSpec: (object) => templateOf(object)?.spec,
    warningsOnCreate: (object) => [
      ...ofName(object.metadata.name ?? ''),
      ...podTemplateWarnings(templateOf(object), path),
    ],
    warningsOnUpdate: (object, old) =>
      object.metadata.generation === old.metadata.generation ? [] : podTemplateWarnings(templateOf(object), path),
  };
}

/** Addresses in a pod's status that are not written the one way. */
export function podStatusWarnings({ status }: Pod): string[] {
  const of = (addresses: readonly { readonly ip?: string }[] | undefined, field: string): string[] =>
    (addresses ?? []).flatMap(({ ip = '' }, index) =>
      ipWarnings(new FieldPath('status').child(field).index(index).child('ip').toString(), ip),
    );
  return [...of(status?.podIPs, 'podIPs'), ...of(status?.hostIPs, 'hostIPs')];
}

type Annotations = Readonly<Record<string, string>>;

const deprecatedAnnotations: readonly (readonly [string, string])[] = [
  ['scheduler.alpha.kubernetes.io/critical-pod', 'non-functional in v1.16+; use the "priorityClassName" field instead'],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  ['security.alpha.kubernetes.io/unsafe-sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
];
const noSelector = 'a null labelSelector results in matching no pod';
const useSeccompProfile = 'non-functional in v1.27+; use the "seccompProfile" field instead';

function specWarnings(spec: PodSpec, annotations: Annotations, path: FieldPath, isTemplate: boolean): string[] {
  const at = path.child('spec');
  const annotationsAt = path.child('metadata', 'annotations');
  const warnings = schedulingWarnings(spec, at);
  for (const [key, text] of deprecatedAnnotations) {
    if (annotations[key] !== undefined) warnings.push(`${annotationsAt.key(key).toString()}: ${text}`);
  }
  warnings.push(...volumeWarnings(spec.volumes ?? [], at.child('volumes')), ...listWarnings(spec, at));
  for (const name of ['memory', 'ephemeral-storage']) {
    warnings.push(...fractionWarnings(spec.overhead?.[name], at.child('overhead').key(name)));
  }
  const podSeccomp = 'seccomp.security.alpha.kubernetes.io/pod';
  if (spec.securityContext?.seccompProfile === undefined && annotations[podSeccomp] !== undefined) {
    warnings.push(`${annotationsAt.key(podSeccomp).toString()}: ${useSeccompProfile}`);
  }
  const containers = containersOf(spec, at);
  for (const { container, path: place } of containers) {
    warnings.push(...annotationWarnings(container, spec, annotations, annotationsAt, isTemplate));
    warnings.push(...resourceWarnings(container, place), ...environmentWarnings(container, place));
  }
  warnings.push(...portWarnings(containers));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1';
    warnings.push(`${at.child('terminationGracePeriodSeconds').toString()}: ${text}`);
  }
  warnings.push(...affinityWarnings(spec.affinity, at.child('affinity')));
  const addressWarnings = (address: string, place: FieldPath): string[] => ipWarnings(place.toString(), address);
  (spec.dnsConfig?.nameservers ?? []).forEach((address, index) => {
    warnings.push(...addressWarnings(address, at.child('dnsConfig', 'nameservers').index(index)));
  });
  (spec.hostAliases ?? []).forEach(({ ip }, index) => {
    warnings.push(...addressWarnings(ip, at.child('hostAliases').index(index).child('ip')));
  });
  return warnings;
}

function schedulingWarnings(spec: PodSpec, at: FieldPath): string[] {
  const warnings: string[] = [];
  for (const label of Object.keys(spec.nodeSelector ?? {})) {
    const text = nodeLabelDeprecation(label);
    if (text !== undefined) warnings.push(`${at.child('nodeSelector').key(label).toString()}: ${text}`);
  }
  const nodes = spec.affinity?.nodeAffinity;
  const during = 'DuringSchedulingIgnoredDuringExecution';
  const nodesAt = at.child('affinity', 'nodeAffinity');
  (nodes?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).forEach((term, index) => {
    const place = nodesAt.child(`required${during}`, 'nodeSelectorTerms').index(index);
    warnings.push(...nodeSelectorTermWarnings(term, place.toString()));
  });
  (nodes?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach(({ preference }, index) => {
    const place = nodesAt.child(`preferred${during}`).index(index).child('preference');
    warnings.push(...nodeSelectorTermWarnings(preference, place.toString()));
    (preference.matchExpressions ?? []).forEach(({ values = [] }, position) => {
      values.forEach((value, number) => {
        const valueAt = place.child('matchExpressions').index(position).child('values').index(number);
        const messages = isValidLabelValue(value);
        warnings.push(...messages.map((message) => `${valueAt.toString()}: ${value} is invalid, ${message}`));
      });
    });
  });
  (spec.topologySpreadConstraints ?? []).forEach(({ labelSelector, topologyKey }, index) => {
    const place = at.child('topologySpreadConstraints').index(index);
    const text = nodeLabelDeprecation(topologyKey);
    if (text !== undefined) warnings.push(`${place.child('topologyKey').toString()}: ${topologyKey} is ${text}`);
    if (labelSelector === undefined) warnings.push(`${place.child('labelSelector').toString()}: ${noSelector}`);
  });
  return warnings;
}

/** Repeated addresses and secrets, and secrets without a name. */
function listWarnings(spec: PodSpec, at: FieldPath): string[] {
  const repeated = (values: readonly string[], list: string, field: string): string[] =>
    values.flatMap((value, index) => {
      if (values.indexOf(value) === index) return [];
      return [`${at.child(list).index(index).child(field).toString()}: duplicate ${field} ${goQuote(value)}`];
    });
  const secrets = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name);
  return [
    ...repeated(
      (spec.hostAliases ?? []).map(({ ip }) => ip),
      'hostAliases',
      'ip',
    ),
    ...repeated(secrets, 'imagePullSecrets', 'name'),
    ...secrets.flatMap((name, index) =>
      name === ''
        ? [`${at.child('imagePullSecrets').index(index).child('name').toString()}: invalid empty name ""`]
        : [],
    ),
  ];
}

interface PlacedContainer {
  readonly container: Container | EphemeralContainer;
  readonly path: FieldPath;
}

function containersOf(spec: PodSpec, at: FieldPath): PlacedContainer[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec[field] ?? []).map((container, index) => ({ container, path: at.child(field).index(index) })),
  );
}

function annotationWarnings(
  { name, securityContext }: PlacedContainer['container'],
  spec: PodSpec,
  annotations: Annotations,
  path: FieldPath,
  isTemplate: boolean,
): string[] {
  const warnings: string[] = [];
  const seccomp = `container.seccomp.security.alpha.kubernetes.io/${name}`;
  if (securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined) {
    warnings.push(`${path.key(seccomp).toString()}: ${useSeccompProfile}`);
  }
  const appArmor = `container.apparmor.security.beta.kubernetes.io/${name}`;
  const annotated = annotations[appArmor];
  if (!isTemplate || securityContext?.appArmorProfile !== undefined || annotated === undefined) return warnings;
  const profile = spec.securityContext?.appArmorProfile;
  if (profile !== undefined && annotated === appArmorAnnotation(profile)) return warnings;
  return [
    ...warnings,
    `${path.key(appArmor).toString()}: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ];
}

/** How a profile is written in an annotation. */
function appArmorAnnotation({ localhostProfile = '', type }: { type: string; localhostProfile?: string }): string {
  if (type === 'Localhost') return `localhost/${localhostProfile}`;
  return type === 'RuntimeDefault' ? 'runtime/default' : 'unconfined';
}

function resourceWarnings({ resources }: PlacedContainer['container'], path: FieldPath): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) =>
    (['limits', 'requests'] as const).flatMap((list) =>
      fractionWarnings(resources?.[list]?.[name], path.child('resources', list).key(name)),
    ),
  );
}

/** A variable that is there again, without building on what it was. */
function environmentWarnings({ env = [] }: PlacedContainer['container'], path: FieldPath): string[] {
  const names = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    if (!names.has(name)) {
      names.add(name);
      return [];
    }
    const reference = `$(${name})`;
    if (valueFrom === undefined && value !== reference && value.includes(reference)) return [];
    const text = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
    return [`${path.child('env').index(index).toString()}: ${text}`];
  });
}

function portWarnings(containers: readonly PlacedContainer[]): string[] {
  const warnings: string[] = [];
  const ports = containers.flatMap(({ container, path }) =>
    (container.ports ?? []).map((port, index) => ({ port, place: path.child('ports').index(index).toString() })),
  );
  ports.forEach(({ port, place }, index) => {
    const { hostIP = '', hostPort = 0 } = port;
    if (hostIP !== '' && hostPort === 0) warnings.push(`${place}: hostIP set without hostPort: ${goText(port)}`);
    for (const other of ports.slice(0, index)) {
      if (other.port.containerPort !== port.containerPort || other.port.protocol !== port.protocol) continue;
      const { hostIP: otherIP = '', hostPort: otherPort = 0 } = other.port;
      const say = (kind: string): void => void warnings.push(`${place}: ${kind} port definition with ${other.place}`);
      if (hostIP === otherIP && hostPort === otherPort) say('duplicate');
      else if (hostPort === 0 || otherPort === 0) say('overlapping');
      else if (hostPort === otherPort && (hostIP === '') !== (otherIP === '')) say('dangerously ambiguous');
    }
  });
  const named = new Map<string, string>();
  for (const { port, place } of ports) {
    const { name = '' } = port;
    const other = named.get(name);
    if (name === '') continue;
    if (other === undefined) named.set(name, place);
    else {
      const effect = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${place}: duplicate port name ${goQuote(name)} with ${other}, ${effect}`);
    }
  }
  return warnings;
}

/** A port in the way Go prints a struct. */
function goText({ containerPort, hostIP = '', hostPort = 0, name = '', protocol = '' }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}

function affinityWarnings(affinity: Affinity | undefined, path: FieldPath): string[] {
  const check = (term: PodAffinityTerm, place: FieldPath): string[] =>
    term.labelSelector === undefined ? [`${place.child('labelSelector').toString()}: ${noSelector}`] : [];
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((field) => {
    const at = path.child(field);
    const required = affinity?.[field]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = affinity?.[field]?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    return [
      ...required.flatMap((term, index) =>
        check(term, at.child('requiredDuringSchedulingIgnoredDuringExecution').index(index)),
      ),
      ...preferred.flatMap(({ podAffinityTerm }, index) =>
        check(
          podAffinityTerm,
          at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index).child('podAffinityTerm'),
        ),
      ),
    ];
  });
}
