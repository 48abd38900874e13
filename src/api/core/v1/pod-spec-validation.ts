import {
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  fieldNotFound,
  invalid,
  notSupported,
  required,
} from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import {
  inclusiveRangeMessage,
  isDns1123Label,
  isDns1123Subdomain,
  isEnvVarName,
  isQualifiedName,
  isValidPortName,
} from '../../../apimachinery/names.ts';
import { parseQuantity, QuantityError, type Quantity } from '../../../apimachinery/quantity.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import type { Container, ContainerPort, PodSpec, Probe, ResourceRequirements, Volume } from '../../types/core-v1.ts';

export interface PodSpecContext {
  /** A template's pods may not be bound, and restart as their owner allows. */
  readonly isTemplate: boolean;
}

/** Checks a pod's spec (core validation's ValidatePodSpec, the parts that most manifests meet). */
export function validatePodSpec(spec: PodSpec | undefined, path: FieldPath, _context: PodSpecContext): FieldError[] {
  if (spec === undefined) return [required(path.child('containers'))];
  const volumes = validateVolumes(spec.volumes ?? [], path.child('volumes'));
  return [
    ...volumes,
    ...validateContainers(spec, path),
    ...validateInitContainers(spec, path),
    ...validateChoices(spec, path),
    ...validateSettings(spec, path),
  ];
}

function validateVolumes(volumes: readonly Volume[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    const { name, ...sources } = volume;
    const given = Object.keys(sources);
    if (given.length > 1) {
      for (const source of given.slice(1)) {
        errors.push(fieldForbidden(at.child(source), 'may not specify more than 1 volume type'));
      }
    }
    if (name === '') errors.push(required(at.child('name')));
    else errors.push(...isDns1123Label(name).map((message) => invalid(at.child('name'), name, message)));
    if (seen.has(name)) errors.push(duplicate(at.child('name'), name));
    seen.add(name);
    if (volume.secret !== undefined && (volume.secret.secretName ?? '') === '') {
      errors.push(required(at.child('secret', 'secretName')));
    }
    if (volume.configMap !== undefined && (volume.configMap.name ?? '') === '') {
      errors.push(required(at.child('configMap', 'name')));
    }
    if (volume.hostPath !== undefined && (volume.hostPath.path ?? '') === '') {
      errors.push(required(at.child('hostPath', 'path')));
    }
    if (volume.persistentVolumeClaim !== undefined && (volume.persistentVolumeClaim.claimName ?? '') === '') {
      errors.push(required(at.child('persistentVolumeClaim', 'claimName')));
    }
    return errors;
  });
}

function validateContainers(spec: PodSpec, path: FieldPath): FieldError[] {
  const containers = spec.containers ?? [];
  const at = path.child('containers');
  if (containers.length === 0) return [required(at)];
  const seen = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const own = validateContainer(container, spec, at.index(index));
    if (seen.has(container.name)) own.push(duplicate(at.index(index).child('name'), container.name));
    seen.add(container.name);
    return own;
  });
  return [...errors, ...validateHostPorts(containers, at)];
}

function validateInitContainers(spec: PodSpec, path: FieldPath): FieldError[] {
  const at = path.child('initContainers');
  const seen = new Set((spec.containers ?? []).map((container) => container.name));
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const own = validateContainer(container, spec, at.index(index));
    if (seen.has(container.name)) own.push(duplicate(at.index(index).child('name'), container.name));
    seen.add(container.name);
    if (container.restartPolicy === 'Always') return own;
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field] === undefined) continue;
      const message = 'may not be set for init containers without restartPolicy=Always';
      own.push(fieldForbidden(at.index(index).child(field), message));
    }
    return own;
  });
}

function validateContainer(container: Container, spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { name, image = '' } = container;
  if (name === '') errors.push(required(path.child('name')));
  else errors.push(...isDns1123Label(name).map((message) => invalid(path.child('name'), name, message)));
  if (image === '') errors.push(required(path.child('image')));
  else if (image !== image.trim()) {
    errors.push(invalid(path.child('image'), image, 'must not have leading or trailing whitespace'));
  }
  errors.push(...validatePorts(container.ports ?? [], path.child('ports')));
  errors.push(...validateEnvironment(container, path));
  errors.push(...validateMounts(container, spec, path.child('volumeMounts')));
  const policies = ['Always', 'IfNotPresent', 'Never'];
  if (!policies.includes(container.imagePullPolicy ?? '')) {
    errors.push(notSupported(path.child('imagePullPolicy'), container.imagePullPolicy ?? '', policies));
  }
  errors.push(...validateResources(container.resources ?? {}, path.child('resources')));
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[field];
    if (probe !== undefined) errors.push(...validateProbe(probe, path.child(field), field));
  }
  return errors;
}

function validatePorts(ports: readonly ContainerPort[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    const name = port.name ?? '';
    if (name !== '') {
      const messages = isValidPortName(name);
      errors.push(...messages.map((message) => invalid(at.child('name'), name, message)));
      if (messages.length === 0 && names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    if ((port.containerPort ?? 0) === 0) errors.push(required(at.child('containerPort')));
    else errors.push(...portErrors(port.containerPort, at.child('containerPort')));
    if (port.hostPort !== undefined && port.hostPort !== 0)
      errors.push(...portErrors(port.hostPort, at.child('hostPort')));
    const protocols = ['SCTP', 'TCP', 'UDP'];
    if ((port.protocol ?? '') === '') errors.push(required(at.child('protocol')));
    else if (!protocols.includes(port.protocol ?? '')) {
      errors.push(notSupported(at.child('protocol'), port.protocol, protocols));
    }
    return errors;
  });
}

function portErrors(port: number, path: FieldPath): FieldError[] {
  return port >= 1 && port <= 65_535 ? [] : [invalid(path, port, inclusiveRangeMessage(1, 65_535))];
}

function validateHostPorts(containers: readonly Container[], path: FieldPath): FieldError[] {
  const used = new Set<string>();
  return containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, position) => {
      if (port.hostPort === undefined || port.hostPort === 0) return [];
      const key = `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${port.hostPort}`;
      const isTaken = used.has(key);
      used.add(key);
      const at = path.index(index).child('ports').index(position).child('hostPort');
      return isTaken ? [duplicate(at, key)] : [];
    }),
  );
}

function validateEnvironment(container: Container, path: FieldPath): FieldError[] {
  return (container.env ?? []).flatMap((entry, index) => {
    const at = path.child('env').index(index);
    if ((entry.name ?? '') === '') return [required(at.child('name'))];
    const errors = isEnvVarName(entry.name).map((message) => invalid(at.child('name'), entry.name, message));
    if (entry.valueFrom === undefined) return errors;
    const sources = Object.keys(entry.valueFrom);
    if ((entry.value ?? '') !== '') {
      errors.push(invalid(at.child('valueFrom'), '', 'may not be specified when `value` is not empty'));
    } else if (sources.length !== 1) {
      const message =
        sources.length === 0
          ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
          : 'may not have more than one field specified at a time';
      errors.push(invalid(at.child('valueFrom'), '', message));
    }
    return errors;
  });
}

function validateMounts(container: Container, spec: PodSpec, path: FieldPath): FieldError[] {
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if ((mount.name ?? '') === '') errors.push(required(at.child('name')));
    if (!volumes.has(mount.name)) errors.push(fieldNotFound(at.child('name'), mount.name ?? ''));
    if ((mount.mountPath ?? '') === '') errors.push(required(at.child('mountPath')));
    if (paths.has(mount.mountPath)) {
      errors.push(invalid(at.child('mountPath'), mount.mountPath, 'must be unique'));
    }
    paths.add(mount.mountPath);
    if (mount.subPath !== undefined && mount.subPath.startsWith('/')) {
      errors.push(invalid(at.child('subPath'), mount.subPath, 'must be a relative path'));
    }
    return errors;
  });
}

/** Quantities of requests and limits, and requests within their limits. */
export function validateResources(resources: ResourceRequirements, path: FieldPath): FieldError[] {
  const limits = validateQuantities(resources.limits, path.child('limits'));
  const requests = validateQuantities(resources.requests, path.child('requests'));
  const errors = [...limits.errors, ...requests.errors];
  for (const [name, request] of requests.quantities) {
    const limit = limits.quantities.get(name);
    if (limit === undefined || request.compare(limit) <= 0) continue;
    const message = `must be less than or equal to ${name} limit of ${limit.toString()}`;
    errors.push(invalid(path.child('requests'), request.toString(), message));
  }
  return errors;
}

function validateQuantities(
  list: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): { readonly errors: FieldError[]; readonly quantities: ReadonlyMap<string, Quantity> } {
  const errors: FieldError[] = [];
  const quantities = new Map<string, Quantity>();
  for (const [name, text] of Object.entries(list ?? {})) {
    const at = path.key(name);
    for (const message of isQualifiedName(name)) errors.push(invalid(at, name, message));
    try {
      const quantity = parseQuantity(text);
      quantities.set(name, quantity);
      if (quantity.sign() < 0) errors.push(invalid(at, quantity.toString(), 'must be greater than or equal to 0'));
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
      errors.push(invalid(at, text, error.message));
    }
  }
  return { errors, quantities };
}

function validateProbe(probe: Probe, path: FieldPath, kind: string): FieldError[] {
  const errors: FieldError[] = [];
  const handlers = (['exec', 'httpGet', 'tcpSocket', 'grpc'] as const).filter((name) => probe[name] !== undefined);
  if (handlers.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const name of handlers.slice(1)) {
    errors.push(fieldForbidden(path.child(name), 'may not specify more than 1 handler type'));
  }
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    const value = probe[field] ?? 0;
    if (value < 0) errors.push(invalid(path.child(field), value, 'must be greater than or equal to 0'));
  }
  if (kind !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
    errors.push(invalid(path.child('successThreshold'), probe.successThreshold, 'must be 1'));
  }
  return errors;
}

function validateChoices(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: 'restartPolicy' | 'dnsPolicy', supported: readonly string[]): void => {
    const value = spec[field] ?? '';
    if (value === '') errors.push(required(path.child(field)));
    else if (!supported.includes(value)) errors.push(notSupported(path.child(field), value, supported));
  };
  check('restartPolicy', ['Always', 'Never', 'OnFailure']);
  check('dnsPolicy', ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None']);
  return errors;
}

function validateSettings(spec: PodSpec, path: FieldPath): FieldError[] {
  const errors = validateLabels(spec.nodeSelector, path.child('nodeSelector'));
  const names: readonly (readonly [string, string | undefined])[] = [
    ['serviceAccountName', spec.serviceAccountName],
    ['nodeName', spec.nodeName],
    ['priorityClassName', spec.priorityClassName],
  ];
  for (const [field, value] of names) {
    if (value === undefined || value === '') continue;
    errors.push(...isDns1123Subdomain(value).map((message) => invalid(path.child(field), value, message)));
  }
  if (spec.hostname !== undefined && spec.hostname !== '') {
    const { hostname } = spec;
    errors.push(...isDns1123Label(hostname).map((message) => invalid(path.child('hostname'), hostname, message)));
  }
  const grace = spec.terminationGracePeriodSeconds ?? 30;
  if (grace < 0) {
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), grace, 'must be greater than or equal to 0'));
  }
  const active = spec.activeDeadlineSeconds;
  if (active !== undefined && (active < 1 || active > 2 ** 31 - 1)) {
    errors.push(invalid(path.child('activeDeadlineSeconds'), active, inclusiveRangeMessage(1, 2 ** 31 - 1)));
  }
  return errors;
}

const updateMessage =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Only images, the deadline and further tolerations of a pod may change. */
export function validatePodSpecUpdate(
  spec: PodSpec | undefined,
  old: PodSpec | undefined,
  path: FieldPath,
): FieldError[] {
  if (spec === undefined || old === undefined) return [];
  const masked = maskMutable(spec, old);
  if (equalJson(masked, old)) return [];
  return [fieldForbidden(path, updateMessage)];
}

function maskMutable(spec: PodSpec, old: PodSpec): PodSpec {
  const masked = structuredClone(spec);
  const withOldImages = (list: Container[] | undefined, before: Container[] | undefined): void => {
    list?.forEach((container, index) => {
      const image = before?.[index]?.image;
      if (image !== undefined) container.image = image;
    });
  };
  withOldImages(masked.containers, old.containers);
  withOldImages(masked.initContainers, old.initContainers);
  if (old.activeDeadlineSeconds === undefined) delete masked.activeDeadlineSeconds;
  else masked.activeDeadlineSeconds = old.activeDeadlineSeconds;
  const tolerations = old.tolerations ?? [];
  const keepsAll = tolerations.every(
    (toleration) => spec.tolerations?.some((other) => equalJson(other, toleration)) === true,
  );
  if (keepsAll) {
    if (old.tolerations === undefined) delete masked.tolerations;
    else masked.tolerations = old.tolerations;
  }
  if (old.schedulingGates !== undefined && (spec.schedulingGates ?? []).length < old.schedulingGates.length) {
    masked.schedulingGates = old.schedulingGates;
  }
  return masked;
}
