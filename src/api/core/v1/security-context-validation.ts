import {
  checkOptionalChoice,
  duplicate,
  type FieldError,
  type FieldPath,
  fieldForbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { inclusiveRangeMessage } from '../../../apimachinery/names.ts';
import type { AppArmorProfile, PodSpec, SeccompProfile, SecurityContext } from '../../types/core-v1.ts';
import { internalObject } from './internal-objects.ts';
import { checkDescendingPath } from './relative-path.ts';
import { validateWindowsOptions } from './windows-options-validation.ts';

const maxId = 2 ** 31 - 1;

function checkId(path: FieldPath, id: number | undefined): FieldError[] {
  if (id === undefined || (id >= 0 && id <= maxId)) return [];
  return [invalid(path, id, inclusiveRangeMessage(0, maxId))];
}

/** The security context of a pod (core validation's validatePodSpecSecurityContext). */
export function validatePodSecurityContext(spec: PodSpec, path: FieldPath): FieldError[] {
  const { securityContext: security, hostPID, shareProcessNamespace } = spec;
  const at = path.child('securityContext');
  const errors: FieldError[] = [];
  if (security !== undefined) {
    errors.push(
      ...checkId(at.child('fsGroup'), security.fsGroup),
      ...checkId(at.child('runAsUser'), security.runAsUser),
      ...checkId(at.child('runAsGroup'), security.runAsGroup),
      ...(security.supplementalGroups ?? []).flatMap((id, index) =>
        checkId(at.child('supplementalGroups').index(index), id),
      ),
    );
  }
  if (hostPID === true && shareProcessNamespace === true) {
    const message = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(at.child('shareProcessNamespace'), true, message));
  }
  if (security === undefined) return errors;
  return [
    ...errors,
    ...validateSysctls(spec, at.child('sysctls')),
    ...checkOptionalChoice(at.child('fsGroupChangePolicy'), security.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...validateSeccomp(security.seccompProfile, at.child('seccompProfile')),
    ...validateWindowsOptions(security.windowsOptions, at.child('windowsOptions')),
    ...validateAppArmor(security.appArmorProfile, at.child('appArmorProfile')),
    ...checkOptionalChoice(at.child('supplementalGroupsPolicy'), security.supplementalGroupsPolicy, [
      'Merge',
      'Strict',
    ]),
    // The other one, MountOption, is behind a gate that is off (KEP-1710).
    ...checkOptionalChoice(at.child('seLinuxChangePolicy'), security.seLinuxChangePolicy, ['Recursive']),
  ];
}

const sysctlPattern = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';
const sysctlName = new RegExp(sysctlPattern);

function validateSysctls(spec: PodSpec, path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return (spec.securityContext?.sysctls ?? []).flatMap(({ name }, index) => {
    const at = path.index(index).child('name');
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(at));
    else if (name.length > 253 || !sysctlName.test(name)) {
      errors.push(invalid(at, name, `must have at most 253 characters and match regex ${sysctlPattern}`));
    } else if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
    const dotted = name.replaceAll('/', '.');
    if (spec.hostNetwork === true && dotted.startsWith('net.')) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    }
    const isIpc = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(dotted);
    if (spec.hostIPC === true && isIpc) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
    return errors;
  });
}

function validateSeccomp(profile: SeccompProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  if (type === 'Localhost') {
    if (localhostProfile === undefined) errors.push(required(at, 'must be set when seccomp type is Localhost'));
    else errors.push(...checkDescendingPath(localhostProfile, at));
  } else if (localhostProfile !== undefined) {
    const shown = { Type: type, LocalhostProfile: localhostProfile };
    errors.push(invalid(at, shown, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

/** The profile that AppArmor confines a pod or a container to (core validation's ValidateAppArmorProfileField). */
export function validateAppArmor(profile: AppArmorProfile | undefined, path: FieldPath): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = path.child('localhostProfile');
  if (type === 'Localhost') {
    const text = localhostProfile?.trim() ?? '';
    if (localhostProfile !== undefined && text !== localhostProfile) {
      return [invalid(at, localhostProfile, 'must not be padded with whitespace')];
    }
    if (text === '') return [required(at, 'must be set when AppArmor type is Localhost')];
    return text.length > 4095 ? [tooLong(at, 4095)] : [];
  }
  const types = ['Localhost', 'RuntimeDefault', 'Unconfined'];
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  if (localhostProfile !== undefined && types.includes(type)) {
    errors.push(invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost'));
  }
  return errors;
}

/** The security context of a container (core validation's ValidateSecurityContext). */
export function validateSecurityContext(
  security: SecurityContext | undefined,
  hostUsers: boolean,
  path: FieldPath,
): FieldError[] {
  if (security === undefined) return [];
  const { procMount } = security;
  const at = path.child('procMount');
  const errors = [
    ...checkId(path.child('runAsUser'), security.runAsUser),
    ...checkId(path.child('runAsGroup'), security.runAsGroup),
    ...checkOptionalChoice(at, procMount, ['Default', 'Unmasked']),
  ];
  if (hostUsers && procMount === 'Unmasked') {
    errors.push(invalid(at, procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  errors.push(...validateSeccomp(security.seccompProfile, path.child('seccompProfile')));
  if (security.allowPrivilegeEscalation === false) {
    const cannot = (what: string): void => {
      errors.push(
        invalid(
          path,
          internalObject('SecurityContext', security),
          `cannot set \`allowPrivilegeEscalation\` to false and ${what}`,
        ),
      );
    };
    if (security.privileged === true) cannot('`privileged` to true');
    for (const capability of security.capabilities?.add ?? []) {
      if (capability === 'CAP_SYS_ADMIN') cannot('`capabilities.Add` CAP_SYS_ADMIN');
    }
  }
  return [
    ...errors,
    ...validateWindowsOptions(security.windowsOptions, path.child('windowsOptions')),
    ...validateAppArmor(security.appArmorProfile, path.child('appArmorProfile')),
  ];
}

/** What a pod with user namespaces of its own must not share with its node (KEP-127). */
export function validateHostUsers(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const message = 'when `hostUsers` is false';
  const errors: FieldError[] = [];
  if (spec.hostNetwork === true) errors.push(fieldForbidden(path.child('hostNetwork'), message));
  if (spec.hostPID === true) errors.push(fieldForbidden(path.child('HostPID'), message));
  if (spec.hostIPC === true) errors.push(fieldForbidden(path.child('HostIPC'), message));
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach((container, index) => {
      if ((container.volumeDevices ?? []).length === 0) return;
      errors.push(fieldForbidden(path.child(list).index(index).child('volumeDevices'), message));
    });
  }
  return errors;
}

/** Containers that are processes of a Windows host: all of a pod or none, and on the host's network (KEP-1981). */
export function validateHostProcess(spec: PodSpec, path: FieldPath): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  const isHostProcess: boolean[] = [];
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach(({ securityContext }, index) => {
      const own = securityContext?.windowsOptions?.hostProcess;
      isHostProcess.push(own ?? ofPod ?? false);
      if (ofPod === undefined || own === undefined || own === ofPod) return;
      const at = path.child(list).index(index).child('securityContext', 'windowsOptions', 'hostProcess');
      errors.push(invalid(at, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`));
    });
  }
  if (!isHostProcess.includes(true)) return errors;
  if (isHostProcess.includes(false)) {
    const message = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalid(path, '', message));
  }
  if (spec.hostNetwork !== true) {
    const message = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalid(path.child('hostNetwork'), false, message));
  }
  return errors;
}

/** In the order in which the real server tells them. */
const podFieldsNotOfWindows = [
  'securityContext.appArmorProfile',
  'securityContext.seLinuxOptions',
  'hostUsers',
  'hostPID',
  'hostIPC',
  'securityContext.seccompProfile',
  'securityContext.fsGroup',
  'securityContext.fsGroupChangePolicy',
  'securityContext.sysctls',
  'shareProcessNamespace',
  'securityContext.runAsUser',
  'securityContext.runAsGroup',
  'securityContext.supplementalGroups',
  'securityContext.supplementalGroupsPolicy',
  'securityContext.seLinuxChangePolicy',
] as const;
const containerContextNotOfWindows = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** What a pod may set on the operating system that it says it is for. */
export function validateOs(spec: PodSpec, path: FieldPath): FieldError[] {
  if (spec.os === undefined) return [];
  const { name } = spec.os;
  if (name === '') return [required(path.child('os', 'name'))];
  if (name !== 'linux' && name !== 'windows') return [notSupported(path.child('os'), name, ['linux', 'windows'])];
  const at = path.child('securityContext');
  const errors: FieldError[] = [];
  const { securityContext: security } = spec;
  const forbid = (where: FieldPath): void => {
    const message =
      name === 'linux' ? 'windows options cannot be set for a linux pod' : 'cannot be set for a windows pod';
    errors.push(fieldForbidden(where, message));
  };
  if (name === 'linux') {
    if (security?.windowsOptions !== undefined) forbid(at.child('windowsOptions'));
  } else {
    for (const field of podFieldsNotOfWindows) {
      const [first = '', second] = field.split('.');
      const holder = (second === undefined ? spec : security) as Readonly<Record<string, unknown>> | undefined;
      const value = holder?.[second ?? first];
      // The only flags that are no pointers, and a list that has to have something in it.
      const isFlag = field === 'hostPID' || field === 'hostIPC';
      const isEmptied = field === 'securityContext.sysctls' && Array.isArray(value) && value.length === 0;
      const isSet = isFlag ? value === true : value !== undefined && !isEmptied;
      if (isSet) forbid(second === undefined ? path.child(first) : at.child(second));
    }
  }
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    (spec[list] ?? []).forEach((container, index) => {
      const own = container.securityContext;
      const where = path.child(list).index(index).child('securityContext');
      const fields = name === 'linux' ? (['windowsOptions'] as const) : containerContextNotOfWindows;
      for (const field of fields) if (own?.[field] !== undefined) forbid(where.child(field));
    });
  }
  return errors;
}
