import {
  checkChoice,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  fieldNotFound,
  invalid,
  invalidFor,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import { isValidIp } from '../../../apimachinery/ip-address.ts';
import {
  inclusiveRangeMessage,
  isDns1123Label,
  isDns1123Subdomain,
  isDns1123SubdomainWithUnderscore,
  isQualifiedName,
} from '../../../apimachinery/names.ts';
import type { PodDNSConfig, PodSpec, Volume } from '../../types/core-v1.ts';
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateImageSpaces,
  validateInitContainers,
} from './container-validation.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './pod-scheduling-validation.ts';
import { validateContainerResources, validatePodResources } from './resource-requirements-validation.ts';
import {
  validateHostProcess,
  validateHostUsers,
  validateOs,
  validatePodSecurityContext,
} from './security-context-validation.ts';
import { validateVolumes } from './volume-validation.ts';

/** What a pod's spec is checked as. */
export interface PodSpecContext {
  /** A template's pods may not be bound, and restart as their owner allows. */
  readonly isTemplate: boolean;
  /** The pod's name, where it is known. */
  readonly podName?: string;
}

/** Checks a pod's spec, of its own or in a template (core validation's ValidatePodSpec). */
export function validatePodSpec(spec: PodSpec | undefined, path: FieldPath, context: PodSpecContext): FieldError[] {
  if (spec === undefined) return [required(path.child('containers'))];
  const { isTemplate, podName = '' } = context;
  const { errors, usable } = validateVolumes(spec.volumes ?? [], { podName, isTemplate }, path.child('volumes'));
  const claimNames = new Set((spec.resourceClaims ?? []).map(({ name }) => name).filter((name) => name !== ''));
  const containers: ContainerContext = { spec, volumes: usable, claimNames };
  return [
    ...(spec.terminationGracePeriodSeconds === undefined
      ? [required(path.child('terminationGracePeriodSeconds'))]
      : []),
    ...errors,
    ...validateResourceClaims(spec, path.child('resourceClaims')),
    ...validateContainers(containers, path.child('containers')),
    ...validateInitContainers(containers, path.child('initContainers')),
    ...validateEphemeralContainers(containers, path.child('ephemeralContainers')),
    ...validatePodResources(spec, claimNames, path),
    ...validateHostNetworkPorts(spec, isTemplate, path),
    ...checkChoice(path.child('restartPolicy'), spec.restartPolicy, ['Always', 'OnFailure', 'Never']),
    ...checkChoice(path.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies),
    ...validateLabels(spec.nodeSelector, path.child('nodeSelector')),
    ...validatePodSecurityContext(spec, path),
    ...validateAffinity(spec.affinity, path.child('affinity')),
    ...validateDnsConfig(spec.dnsConfig, spec.dnsPolicy, path.child('dnsConfig')),
    ...validateGates(spec, path),
    ...validateTopologySpread(spec.topologySpreadConstraints ?? [], path.child('topologySpreadConstraints')),
    ...validateHostProcess(spec, path),
    ...validateHostUsers(spec, path),
    ...validateHostnameOverride(spec, path.child('hostnameOverride')),
    ...validateNames(spec, path),
    ...validateContainerResources({ limits: spec.overhead ?? {} }, claimNames, path.child('overhead')),
    ...validateOs(spec, path),
    ...validateSchedulingGroup(spec, path.child('schedulingGroup')),
    ...validateFileVolumes(spec, path),
    ...(isTemplate ? [] : validatePodOnly(spec, path)),
  ];
}

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/** What a template may leave to its pods. */
function validatePodOnly(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if ((spec.serviceAccountName ?? '') === '') {
    (spec.volumes ?? []).forEach(({ projected }, index) => {
      (projected?.sources ?? []).forEach(({ serviceAccountToken }, position) => {
        if (serviceAccountToken === undefined) return;
        const at = path.child('volumes').index(index).child('projected', 'sources').index(position);
        const message = 'must not be specified when serviceAccountName is not set';
        errors.push(fieldForbidden(at.child('serviceAccountToken'), message));
      });
    });
  }
  for (const list of ['containers', 'initContainers'] as const) {
    (spec[list] ?? []).forEach((container, index) => {
      errors.push(...validateImageSpaces(container, path.child(list).index(index)));
    });
  }
  return errors;
}

/** Devices that a pod claims (KEP-4381). */
function validateResourceClaims(spec: PodSpec, path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return (spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName, resourceClaimTemplateName }, index) => {
    const at = path.index(index);
    const nameAt = at.child('name');
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(nameAt));
    else if (names.has(name)) errors.push(duplicate(nameAt, name));
    else errors.push(...isDns1123Label(name).map((message) => invalid(nameAt, name, message)));
    names.add(name);
    const shown = {
      Name: name,
      ResourceClaimName: resourceClaimName ?? null,
      ResourceClaimTemplateName: resourceClaimTemplateName ?? null,
    };
    if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
      const message = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(at, shown, message));
    }
    if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
      errors.push(invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    for (const [field, value] of Object.entries({ resourceClaimName, resourceClaimTemplateName })) {
      if (value === undefined) continue;
      errors.push(...isDns1123Subdomain(value).map((message) => invalid(at.child(field), value, message)));
    }
    return errors;
  });
}

function validateHostNetworkPorts(spec: PodSpec, isTemplate: boolean, path: FieldPath): FieldError[] {
  if (spec.hostNetwork !== true) return [];
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap(({ hostPort = 0, containerPort }, position) => {
      // A pod of the template will get the port that is left out here.
      if (hostPort === containerPort || (isTemplate && hostPort === 0)) return [];
      const at = path.child('containers').index(index).child('ports').index(position).child('hostPort');
      return [invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
}

function validateDnsConfig(
  config: PodDNSConfig | undefined,
  policy: string | undefined,
  path: FieldPath,
): FieldError[] {
  const at = path.child('nameservers');
  if (policy === 'None') {
    if (config === undefined) return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
    if ((config.nameservers ?? []).length === 0) {
      return [required(at, 'must provide at least one DNS nameserver when `dnsPolicy` is None')];
    }
  }
  const { nameservers = [], searches = [], options = [] } = config ?? {};
  const errors: FieldError[] = [];
  if (nameservers.length > 3) errors.push(invalid(at, nameservers, 'must not have more than 3 nameservers'));
  nameservers.forEach((server, index) => {
    errors.push(...isValidIp(server).map((message) => invalid(at.index(index), server, message)));
  });
  const searchesAt = path.child('searches');
  if (searches.length > 32) errors.push(invalid(searchesAt, searches, 'must not have more than 32 search paths'));
  if (searches.join(' ').length > 2048) {
    const message = 'must not have more than 2048 characters (including spaces) in the search list';
    errors.push(invalid(searchesAt, searches, message));
  }
  searches.forEach((search, index) => {
    if (search === '.') return;
    const name = search.replace(/\.$/, '');
    const messages = isDns1123SubdomainWithUnderscore(name);
    errors.push(...messages.map((message) => invalid(searchesAt.index(index), name, message)));
  });
  options.forEach(({ name = '' }, index) => {
    if (name === '') errors.push(required(path.child('options').index(index), 'must not be empty'));
  });
  return errors;
}

/** What must be true before a pod is ready (KEP-580), and before it is scheduled (KEP-3521). */
function validateGates(spec: PodSpec, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return [
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, index) => {
      const at = path.child('readinessGates').index(index).child('conditionType');
      return isQualifiedName(conditionType).map((message) => invalid(at, conditionType, message));
    }),
    ...(spec.schedulingGates ?? []).flatMap(({ name }, index) => {
      const at = path.child('schedulingGates').index(index);
      const errors = isQualifiedName(name).map((message) => invalid(at, name, message));
      if (seen.has(name)) errors.push(duplicate(at, name));
      seen.add(name);
      return errors;
    }),
  ];
}

/** The name that a pod gives itself, whatever its own (KEP-4762). */
function validateHostnameOverride(spec: PodSpec, path: FieldPath): FieldError[] {
  const name = spec.hostnameOverride;
  if (name === undefined) return [];
  const errors: FieldError[] = [];
  if (spec.setHostnameAsFQDN === true) {
    errors.push(fieldForbidden(path, 'may not be specified when setHostnameAsFQDN is true'));
  }
  if (spec.hostNetwork === true) errors.push(fieldForbidden(path, 'may not be specified when hostNetwork is true'));
  if (name.length > 64) errors.push(tooLong(path, 64));
  return [...errors, ...isDns1123Subdomain(name).map((message) => invalid(path, name, message))];
}

function validateNames(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const check = (
    field: 'serviceAccountName' | 'nodeName' | 'hostname' | 'subdomain' | 'priorityClassName',
    messagesOf: (name: string) => string[],
  ): void => {
    const name = spec[field] ?? '';
    if (name === '') return;
    errors.push(...messagesOf(name).map((message) => invalid(path.child(field), name, message)));
  };
  check('serviceAccountName', isDns1123Subdomain);
  check('nodeName', isDns1123Subdomain);
  const active = spec.activeDeadlineSeconds;
  if (active !== undefined && (active < 1 || active > 2 ** 31 - 1)) {
    errors.push(invalid(path.child('activeDeadlineSeconds'), active, inclusiveRangeMessage(1, 2 ** 31 - 1)));
  }
  check('hostname', isDns1123Label);
  check('subdomain', isDns1123Label);
  errors.push(...validateTolerations(spec.tolerations ?? [], path.child('tolerations')));
  (spec.hostAliases ?? []).forEach(({ ip, hostnames = [] }, index) => {
    const at = path.child('hostAliases').index(index);
    errors.push(...isValidIp(ip).map((message) => invalid(at.child('ip'), ip, message)));
    hostnames.forEach((name, position) => {
      const where = at.child('hostnames').index(position);
      errors.push(...isDns1123Subdomain(name).map((message) => invalid(where, name, message)));
    });
  });
  check('priorityClassName', isDns1123Subdomain);
  const { runtimeClassName, preemptionPolicy } = spec;
  if (runtimeClassName !== undefined) {
    errors.push(...invalidFor(path.child('runtimeClassName'), runtimeClassName, isDns1123Subdomain(runtimeClassName)));
  }
  if (preemptionPolicy !== undefined) {
    errors.push(...checkChoice(path.child('preemptionPolicy'), preemptionPolicy, ['PreemptLowerPriority', 'Never']));
  }
  return errors;
}

function validateSchedulingGroup({ schedulingGroup }: PodSpec, path: FieldPath): FieldError[] {
  if (schedulingGroup === undefined) return [];
  const { podGroupName: name } = schedulingGroup;
  const at = path.child('podGroupName');
  if (name === undefined) return [invalid(at, null, 'must specify one of: `podGroupName`')];
  return isDns1123Subdomain(name).map((message) => invalid(at, name, message));
}

/** Files of variables lie in folders of the pod itself (KEP-3721). */
function validateFileVolumes(spec: PodSpec, path: FieldPath): FieldError[] {
  const volumes = new Map<string, Volume>((spec.volumes ?? []).map((volume) => [volume.name, volume]));
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap(({ env = [] }, index) =>
      env.flatMap(({ valueFrom }, position) => {
        const name = valueFrom?.fileKeyRef?.volumeName;
        if (name === undefined) return [];
        const variable = path.child(list).index(index).child('env').index(position);
        const at = variable.child('valueFrom', 'fileKeyRef', 'volumeName');
        const volume = volumes.get(name);
        if (volume === undefined) return [fieldNotFound(at, name)];
        return volume.emptyDir === undefined ? [invalid(at, name, 'referenced volume must be of type emptyDir')] : [];
      }),
    ),
  );
}

/** What only holds when a pod is made. */
export function validateNewPod(spec: PodSpec | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if ((spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(fieldForbidden(path.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if ((spec?.nodeName ?? '') !== '' && (spec?.schedulingGates ?? []).length > 0) {
    const message = 'cannot be set until all schedulingGates have been cleared';
    errors.push(fieldForbidden(path.child('nodeName'), message));
  }
  return errors;
}
