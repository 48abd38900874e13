import {
  checkImmutable,
  type FieldError,
  FieldPath,
  fieldForbidden,
  fieldInternal,
  invalid,
  invalidFor,
} from '../../../apimachinery/field-error.ts';
import { isValidIp, parseIp } from '../../../apimachinery/ip-address.ts';
import { inclusiveRangeMessage, isDns1123Subdomain, isQualifiedName } from '../../../apimachinery/names.ts';
import { validateClaimStatuses, validateDeviceHealth, validateExtendedClaim } from './pod-device-status-validation.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../types/core-v1.ts';

const statusPath = new FieldPath('status');
const systemConditions = ['PodScheduled', 'Ready', 'Initialized'];
const negative = 'must be a non-negative integer';

/** What the status of a pod may become (core validation's ValidatePodStatusUpdate). */
export function validatePodStatus({ spec, status = {} }: Pod, old: Pod): FieldError[] {
  const before = old.status ?? {};
  const nominated = status.nominatedNodeName ?? '';
  const errors = validateConditions(status);
  const nominatedPath = statusPath.child('nominatedNodeName');
  if (nominated !== '' && nominated !== before.nominatedNodeName) {
    errors.push(...invalidFor(nominatedPath, nominated, isDns1123Subdomain(nominated)));
    if ((old.spec?.nodeName ?? '') !== '') {
      errors.push(fieldForbidden(nominatedPath, 'may not be set on pods that are already bound to a node'));
    }
  }
  if ((status.observedGeneration ?? 0) < 0) {
    errors.push(invalid(statusPath.child('observedGeneration'), status.observedGeneration, negative));
  }
  return [
    ...errors,
    ...checkImmutable(statusPath.child('qosClass'), status.qosClass ?? '', before.qosClass ?? ''),
    ...validateTransitions(status, before, old.spec ?? spec),
    ...validateClaimStatuses(status, spec ?? old.spec),
    ...validateExtendedClaim(status, spec ?? old.spec),
    ...validateAddresses('podIPs', status, before),
    ...validateHostAddresses(status, before),
    ...validateUsers(status, spec?.os?.name ?? 'linux'),
    ...validateDeviceHealth(status, spec ?? old.spec),
  ];
}

function validateConditions({ conditions = [] }: PodStatus): FieldError[] {
  return conditions.flatMap(({ observedGeneration = 0, type }, index) => {
    const at = statusPath.child('conditions').index(index);
    const errors =
      observedGeneration < 0 ? [invalid(at.child('observedGeneration'), observedGeneration, negative)] : [];
    if (systemConditions.includes(type)) return errors;
    return [...errors, ...invalidFor(at.child('Type'), type, isQualifiedName(type))];
  });
}

const mostId = 2 ** 31 - 1;

/** Who the processes of containers run as; on Windows there are no such numbers. */
function validateUsers(status: PodStatus, os: string): FieldError[] {
  const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
  return lists.flatMap((list) =>
    (status[list] ?? []).flatMap(({ user }, index) => {
      const path = statusPath.child(list).index(index).child('user', 'linux');
      if (user?.linux === undefined) return [];
      if (os === 'windows') return [fieldForbidden(path, 'cannot be set for a windows pod')];
      const check = (value: number, at: FieldPath): FieldError[] =>
        value >= 0 && value <= mostId ? [] : [invalid(at, value, inclusiveRangeMessage(0, mostId))];
      const { uid, gid, supplementalGroups = [] } = user.linux;
      return [
        ...check(uid, path.child('uid')),
        ...check(gid, path.child('gid')),
        ...supplementalGroups.flatMap((group, position) =>
          check(group, path.child('supplementalGroups').index(position)),
        ),
      ];
    }),
  );
}

type StatusList = 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses';

/** Containers that have ended start again only where the pod says so. */
function validateTransitions(status: PodStatus, before: PodStatus, spec: PodSpec | undefined): FieldError[] {
  const check = (field: StatusList, mayRestart: (old: ContainerStatus, exitCode: number) => boolean): FieldError[] =>
    (before[field] ?? []).flatMap((old, index) => {
      const exitCode = old.state?.terminated?.exitCode;
      const now = status[field]?.find(({ name }) => name === old.name);
      if (exitCode === undefined || now === undefined || now.state?.terminated !== undefined) return [];
      if (mayRestart(old, exitCode)) return [];
      const path = statusPath.child(field).index(index).child('state');
      return [fieldForbidden(path, 'may not be transitioned to non-terminated state')];
    });
  const policy = spec?.restartPolicy ?? 'Always';
  const mayRestart =
    (containers: readonly Container[] | undefined) =>
    ({ name }: ContainerStatus, exitCode: number): boolean => {
      const container = containers?.find((one) => one.name === name);
      return container !== undefined && restarts(container, policy, exitCode);
    };
  const ephemeral = check('ephemeralContainerStatuses', () => false);
  // One that has all others start anew may do so whatever these say.
  if (mayRestartAll(spec)) return ephemeral;
  return [
    ...check('containerStatuses', mayRestart(spec?.containers)),
    ...check('initContainerStatuses', mayRestart(spec?.initContainers)),
    ...ephemeral,
  ];
}

function mayRestartAll(spec: PodSpec | undefined): boolean {
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].some(({ restartPolicyRules = [] }) =>
    restartPolicyRules.some(({ action }) => action === 'RestartAllContainers'),
  );
}

/** Whether a container starts again after an exit code: by its own rules, its own policy, the pod's policy (KEP-5307). */
function restarts({ restartPolicy, restartPolicyRules = [] }: Container, podPolicy: string, exitCode: number): boolean {
  const rule = restartPolicyRules.find(({ exitCodes }) => {
    const isListed = (exitCodes?.values ?? []).includes(exitCode);
    return exitCodes !== undefined && isListed === (exitCodes.operator === 'In');
  });
  if (restartPolicy !== undefined && rule?.action === 'Restart') return true;
  const policy = restartPolicy ?? podPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

function validateAddresses(field: 'podIPs' | 'hostIPs', status: PodStatus, before: PodStatus): FieldError[] {
  const path = statusPath.child(field);
  const addresses = (status[field] ?? []).map(({ ip }) => ip);
  const known = (before[field] ?? []).map(({ ip }) => ip);
  const errors = addresses.flatMap((ip, index) =>
    known.includes(ip) ? [] : invalidFor(path.index(index), ip, isValidIp(ip)),
  );
  if (addresses.length < 2) return errors;
  const bad = addresses.findIndex((ip) => parseIp(ip) === undefined);
  if (bad >= 0) {
    const why = `failed to check for dual stack with error:invalid IP[${bad}]: ${addresses[bad] ?? ''}`;
    errors.push(fieldInternal(path, why));
  }
  const families = new Set(addresses.map((ip) => parseIp(ip)?.family));
  if (bad < 0 && addresses.length === 2 && families.size === 2) return errors;
  const shown = addresses.map((ip) => ({ IP: ip }));
  return [...errors, invalid(path, shown, 'may specify no more than one IP for each IP family')];
}

function validateHostAddresses(status: PodStatus, before: PodStatus): FieldError[] {
  const [first] = status.hostIPs ?? [];
  if (first === undefined) return [];
  const path = statusPath.child('hostIPs').index(0).child('ip');
  const errors = first.ip === status.hostIP ? [] : [invalid(path, first.ip, 'must be equal to `hostIP`')];
  return [...errors, ...validateAddresses('hostIPs', status, before)];
}
