import {
  checkChoice,
  checkOptionalChoice,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  fieldNotFound,
  invalid,
  required,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { isDns1123Label, isValidPortName, isValidPortNumber } from '../../../apimachinery/names.ts';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
  Volume,
  VolumeMount,
} from '../../types/core-v1.ts';
import { validateHandlers } from './container-handler-validation.ts';
import { validateEnvironment, validateEnvironmentSources } from './environment-validation.ts';
import { checkDescendingPath, checkNoBacksteps } from './relative-path.ts';
import { validateContainerResources } from './resource-requirements-validation.ts';
import { validateSecurityContext } from './security-context-validation.ts';

/** What containers are checked against. */
export interface ContainerContext {
  readonly spec: PodSpec;
  /** Volumes without a mistake, by name. */
  readonly volumes: ReadonlyMap<string, Volume>;
  /** Names of the pod's resource claims. */
  readonly claimNames: ReadonlySet<string>;
}

/** The containers that run side by side: at least one, no name and no port of the node twice. */
export function validateContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const containers = context.spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const at = path.index(index);
    const own = validateContainer(container, context, at);
    if (names.has(container.name)) own.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    own.push(...validateHandlers(container, context.spec, at), ...validateRestartPolicy(container, at));
    return own;
  });
  return [...errors, ...validateHostPorts(containers, path)];
}

/** The containers that run before them, sidecars among them. */
export function validateInitContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const names = new Set((context.spec.containers ?? []).map(({ name }) => name));
  return (context.spec.initContainers ?? []).flatMap((container, index) => {
    const at = path.index(index);
    const isSidecar = container.restartPolicy === 'Always';
    const own = validateContainer(container, context, at);
    own.push(...validateRestartPolicy(container, at, 'init'));
    if (names.has(container.name)) own.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    own.push(...validateHostPorts([container], path));
    if (isSidecar) return [...own, ...validateHandlers(container, context.spec, at)];
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[field] === undefined) continue;
      own.push(fieldForbidden(at.child(field), 'may not be set for init containers without restartPolicy=Always'));
    }
    (container.resizePolicy ?? []).forEach(({ restartPolicy }, position) => {
      if (restartPolicy !== 'RestartContainer') return;
      const where = at.child('resizePolicy').index(position).child('restartPolicy');
      const message = "must not be set to 'RestartContainer' for non-sidecar initContainers";
      own.push(invalid(where, restartPolicy, message));
    });
    return own;
  });
}

/** What a container that is put into a running pod may have. */
const ephemeralFields = new Set([
  'name',
  'image',
  'command',
  'args',
  'workingDir',
  'envFrom',
  'env',
  'volumeMounts',
  'volumeDevices',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'imagePullPolicy',
  'securityContext',
  'stdin',
  'stdinOnce',
  'tty',
  'targetContainerName',
]);

/** Containers put into a running pod (KEP-277). */
export function validateEphemeralContainers(context: ContainerContext, path: FieldPath): FieldError[] {
  const { spec } = context;
  const others = new Set([...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const at = path.index(index);
    const own = [...validateContainer(container, context, at), ...validateImageSpaces(container, at)];
    const { name, targetContainerName = '', volumeMounts = [] } = container;
    if (names.has(name)) own.push(duplicate(at.child('name'), name));
    names.add(name);
    if (targetContainerName !== '' && !others.has(targetContainerName)) {
      own.push(fieldNotFound(at.child('targetContainerName'), targetContainerName));
    }
    const message = 'cannot be set for an Ephemeral Container';
    for (const [field, value] of Object.entries(container) as [string, unknown][]) {
      const isSet = value !== undefined && !(field === 'resources' && Object.keys(value as object).length === 0);
      if (isSet && !ephemeralFields.has(field)) own.push(fieldForbidden(at.child(field), message));
    }
    volumeMounts.forEach((mount, position) => {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if ((mount[field] ?? '') === '') continue;
        own.push(fieldForbidden(at.child('volumeMounts').index(position).child(field), message));
      }
    });
    return own;
  });
}

/** Pods, unlike templates, may not have spaces around the name of an image. */
export function validateImageSpaces({ image = '' }: Container | EphemeralContainer, path: FieldPath): FieldError[] {
  if (image === image.trim()) return [];
  return [invalid(path.child('image'), image, 'must not have leading or trailing whitespace')];
}

/** What all containers have in common (core validation's validateContainerCommon). */
function validateContainer(
  container: Container | EphemeralContainer,
  context: ContainerContext,
  path: FieldPath,
): FieldError[] {
  const { name, image = '' } = container;
  const at = path.child('name');
  const { hostUsers = true, restartPolicy } = context.spec;
  return [
    ...(name === '' ? [required(at)] : isDns1123Label(name).map((message) => invalid(at, name, message))),
    ...(image === '' ? [required(path.child('image'))] : []),
    ...checkChoice(path.child('terminationMessagePolicy'), container.terminationMessagePolicy, [
      'File',
      'FallbackToLogsOnError',
    ]),
    ...validatePorts(container.ports ?? [], path.child('ports')),
    ...validateEnvironment(container.env ?? [], path.child('env')),
    ...validateEnvironmentSources(container.envFrom ?? [], path.child('envFrom')),
    ...validateMounts(container, context.volumes, path.child('volumeMounts')),
    ...validateDevices(container, context.volumes, path.child('volumeDevices')),
    ...checkChoice(path.child('imagePullPolicy'), container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...validateContainerResources(container.resources ?? {}, context.claimNames, path.child('resources')),
    ...validateResizePolicy(container, restartPolicy, path.child('resizePolicy')),
    ...validateSecurityContext(container.securityContext, hostUsers, path.child('securityContext')),
  ];
}

function validatePorts(ports: readonly ContainerPort[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', containerPort, hostPort = 0, protocol }, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    if (name !== '') {
      const messages = isValidPortName(name);
      errors.push(...messages.map((message) => invalid(at.child('name'), name, message)));
      if (messages.length === 0 && names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    if (containerPort === 0) errors.push(required(at.child('containerPort')));
    else errors.push(...checkPort(containerPort, at.child('containerPort')));
    if (hostPort !== 0) errors.push(...checkPort(hostPort, at.child('hostPort')));
    return [...errors, ...checkChoice(at.child('protocol'), protocol, ['SCTP', 'TCP', 'UDP'])];
  });
}

function checkPort(port: number, path: FieldPath): FieldError[] {
  return isValidPortNumber(port).map((message) => invalid(path, port, message));
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

/** Some errors stand at the list's path: the real server does not say which mount it was. */
function validateMounts(
  container: Container | EphemeralContainer,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
): FieldError[] {
  const paths = new Set<string>();
  const devices = container.volumeDevices ?? [];
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = path.index(index);
    const errors: FieldError[] = [];
    const { name, mountPath, subPath = '', subPathExpr = '' } = mount;
    if (name === '') errors.push(required(at.child('name')));
    if (!volumes.has(name)) errors.push(fieldNotFound(at.child('name'), name));
    if (mountPath === '') errors.push(required(at.child('mountPath')));
    if (paths.has(mountPath)) errors.push(invalid(at.child('mountPath'), mountPath, 'must be unique'));
    paths.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      errors.push(invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    }
    if (subPath !== '') errors.push(...checkDescendingPath(subPath, path.child('subPath')));
    if (subPathExpr !== '') {
      if (subPath !== '') {
        const message = 'subPathExpr and subPath are mutually exclusive';
        errors.push(invalid(at.child('subPathExpr'), subPathExpr, message));
      }
      errors.push(...checkDescendingPath(subPathExpr, path.child('subPathExpr')));
    }
    return [...errors, ...validatePropagation(mount, container, path)];
  });
}

function validatePropagation(
  { mountPropagation, recursiveReadOnly, readOnly }: VolumeMount,
  container: Container | EphemeralContainer,
  path: FieldPath,
): FieldError[] {
  const at = path.child('mountPropagation');
  const errors = checkOptionalChoice(at, mountPropagation, ['Bidirectional', 'HostToContainer', 'None']);
  if (mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const message = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(fieldForbidden(at, message));
  }
  const where = path.child('recursiveReadOnly');
  if (recursiveReadOnly === 'Enabled' || recursiveReadOnly === 'IfPossible') {
    if (readOnly !== true) errors.push(fieldForbidden(where, 'may only be specified when readOnly is true'));
    if (mountPropagation !== undefined && mountPropagation !== 'None') {
      errors.push(fieldForbidden(where, 'may only be specified when mountPropagation is None or not specified'));
    }
  }
  return [...errors, ...checkOptionalChoice(where, recursiveReadOnly, ['Disabled', 'Enabled', 'IfPossible'])];
}

function validateDevices(
  container: Container | EphemeralContainer,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
): FieldError[] {
  const paths = new Set<string>();
  const names = new Set<string>();
  const mounts = container.volumeMounts ?? [];
  return (container.volumeDevices ?? []).flatMap(({ name, devicePath }, index) => {
    const at = path.index(index);
    const nameAt = at.child('name');
    const pathAt = at.child('devicePath');
    const errors: FieldError[] = [];
    const volume = volumes.get(name);
    if (name === '') errors.push(required(nameAt));
    if (names.has(name)) errors.push(invalid(nameAt, name, 'must be unique'));
    if (volume === undefined) errors.push(fieldNotFound(nameAt, name));
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const message = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(nameAt, name, message));
    }
    if (devicePath === '') errors.push(required(pathAt));
    if (paths.has(devicePath)) errors.push(invalid(pathAt, devicePath, 'must be unique'));
    if (checkNoBacksteps(devicePath, pathAt).length > 0) {
      errors.push(invalid(pathAt, devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(nameAt, name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(pathAt, devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name !== '') names.add(name);
    return errors;
  });
}

/** Whether a container starts again when its resources change (KEP-1287). */
function validateResizePolicy(
  { resizePolicy = [] }: Container | EphemeralContainer,
  podRestartPolicy: string | undefined,
  path: FieldPath,
): FieldError[] {
  const names = new Set<string>();
  return resizePolicy.flatMap(({ resourceName, restartPolicy }, index) => {
    const errors: FieldError[] = [];
    if (names.has(resourceName)) errors.push(duplicate(path.index(index), resourceName));
    names.add(resourceName);
    errors.push(...checkChoice(path, resourceName, ['cpu', 'memory']));
    errors.push(...checkChoice(path, restartPolicy, ['NotRequired', 'RestartContainer']));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
    return errors;
  });
}

/** When a container starts again, other than its pod says (KEP-5307). */
function validateRestartPolicy(
  { restartPolicy, restartPolicyRules = [] }: Container,
  path: FieldPath,
  place: 'main' | 'init' = 'main',
): FieldError[] {
  const at = path.child('restartPolicy');
  const errors = checkOptionalChoice(at, restartPolicy, ['Always', 'Never', 'OnFailure']);
  if (restartPolicy === undefined && restartPolicyRules.length > 0) {
    errors.push(required(at, 'must specify restartPolicy when restart rules are used'));
    if (place === 'init') return errors;
  }
  const rulesAt = path.child('restartPolicyRules');
  if (restartPolicyRules.length > 20) errors.push(tooMany(rulesAt, restartPolicyRules.length, 20));
  restartPolicyRules.forEach(({ action, exitCodes }, index) => {
    const where = rulesAt.index(index);
    // Even nothing is an unsupported value here.
    errors.push(...checkOptionalChoice(where.child('action'), action ?? '', ['Restart', 'RestartAllContainers']));
    if (exitCodes === undefined) {
      errors.push(required(where.child('exitCodes'), 'must be specified'));
      return;
    }
    const { operator, values = [] } = exitCodes;
    errors.push(...checkOptionalChoice(where.child('exitCodes', 'operator'), operator ?? '', ['In', 'NotIn']));
    if (values.length > 255) errors.push(tooMany(where.child('exitCodes', 'values'), values.length, 255));
  });
  return errors;
}
