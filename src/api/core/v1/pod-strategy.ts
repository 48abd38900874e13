import { type FieldError, FieldPath, fieldForbidden } from '../../../apimachinery/field-error.ts';
import { formatTime, type ObjectMeta, type Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Container, Pod, PodCondition } from '../../types/core-v1.ts';
import {
  validateAppArmorAnnotations,
  validateMirroredClaims,
  validatePodAnnotations,
  validateSeccompAnnotations,
} from './pod-annotation-validation.ts';
import { adoptAppArmorAnnotations } from './pod-app-armor.ts';
import { mergeLabelKeys } from './pod-label-keys.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodResize } from './pod-resize-validation.ts';
import { preparePodStatus } from './pod-status-preparation.ts';
import { setPodResourceDefaults } from './pod-resource-defaults.ts';
import { setHostPorts, setPodSpecDefaults } from './pod-spec-defaults.ts';
import { validateNewPod, validatePodSpec } from './pod-spec-validation.ts';
import { validatePodStatus } from './pod-status-validation.ts';
import { validateEphemeralContainersUpdate, validatePodUpdate } from './pod-update-validation.ts';
import { podStatusWarnings, podWarnings } from './pod-warnings.ts';
import { metadataAside } from '../../status-metadata.ts';

/** Defaults of a pod; the link to the sum of its init containers comes with its spec, its one address is the first. */
export function setPodDefaults(object: Unstructured): void {
  const { spec, status } = podOf(object);
  const address = status?.podIP ?? '';
  if (status !== undefined && address !== '' && status.podIPs?.[0]?.ip !== address) status.podIPs = [{ ip: address }];
  const [first] = status?.podIPs ?? [];
  if (status !== undefined && first !== undefined) status.podIP = first.ip;
  if (spec === undefined) return;
  setPodSpecDefaults(spec);
  // There is no less: what an old client means by it is at once. Templates keep it.
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  setPodResourceDefaults(spec);
  if (spec.hostNetwork === true) setHostPorts(spec);
  spec.enableServiceLinks ??= true;
}

const specPath = new FieldPath('spec');
const annotationsPath = new FieldPath('metadata').child('annotations');

/** What the registry does with pods. */
export const podStrategy: Strategy = {
  hasGeneration: true,
  returnDeletedObject: true,
  keptOnStatus: ['ownerReferences', 'deletionTimestamp'],
  resetFields: { '': ['status'], status: ['metadata.deletionTimestamp', 'metadata.ownerReferences', 'spec'] },
  podSpec: (object) => podOf(object).spec,
  prepareForCreate(object, context) {
    const pod = podOf(object);
    // A class that the creator states is taken for the pod's own, as the real server does.
    const stated = pod.status?.qosClass ?? '';
    pod.status = { phase: 'Pending', qosClass: stated === '' ? qosClassOf(pod) : stated };
    mergeLabelKeys(pod);
    adoptAppArmorAnnotations(pod, (text) => context.warn?.(text));
    if ((pod.spec?.schedulingGates ?? []).length === 0) return;
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    const lastTransitionTime = formatTime(context.now);
    const gated = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message, lastTransitionTime };
    // It was never probed; the real server writes that as null.
    pod.status.conditions = [{ ...gated, lastProbeTime: null } as object as PodCondition];
  },
  prepareForUpdate(object, old, { subresource }) {
    const [pod, before] = [podOf(object), podOf(old)];
    if (subresource === 'status') {
      if (before.spec !== undefined) pod.spec = before.spec;
      preparePodStatus(pod, before);
      return;
    }
    if (before.status === undefined) delete pod.status;
    else pod.status = before.status;
    // What initializers put into it counts from the start.
    if (isInitializing(before) && pod.status !== undefined) pod.status = { ...pod.status, qosClass: qosClassOf(pod) };
    if (subresource === 'ephemeralcontainers') keepAllBut(pod, before, ephemeralContainersOf);
    else if (subresource === 'resize') keepAllBut(pod, before, resizedPartOf);
  },
  // Changes to pods are made by programs, which nobody warns, but for addresses that are not written the one way.
  warningsOnCreate: (object) => podWarnings(podOf(object)),
  warningsOnUpdate: (object, _old, { subresource }) =>
    subresource === 'status' ? podStatusWarnings(podOf(object)) : [],
  validateCreate: (object) => validateWholePod(podOf(object)),
  validateUpdate(object, old, { subresource }) {
    const [pod, before] = [podOf(object), podOf(old)];
    if (isInitializing(before)) {
      if (subresource === '') return validateWholePod(pod);
      const message = 'must not update status when the object is uninitialized';
      if (subresource === 'status') return [fieldForbidden(new FieldPath('status'), message)];
    }
    if (subresource === 'status') return validatePodStatus(pod, before);
    if (subresource === 'ephemeralcontainers') return validateEphemeralContainersUpdate(pod, before);
    return subresource === 'resize' ? validatePodResize(pod, before) : validatePodUpdate(pod, before);
  },
};

function podOf(object: Unstructured): Pod {
  return object;
}

/** Whether initializers have still to see the pod: until then it may change as if it were new. */
function isInitializing({ metadata }: Pod): boolean {
  return ((metadata as ObjectMeta | undefined)?.initializers?.pending ?? []).length > 0;
}

function validateWholePod({ metadata, spec }: Pod): FieldError[] {
  const podName = metadata?.name ?? '';
  return [
    ...validatePodAnnotations(metadata?.annotations, spec, annotationsPath),
    ...validatePodSpec(spec, specPath, { isTemplate: false, podName }),
    ...validateMirroredClaims(metadata?.annotations, spec),
    ...validateNewPod(spec, specPath),
    ...validateSeccompAnnotations(metadata?.annotations, spec, specPath),
    ...validateAppArmorAnnotations(metadata?.annotations, spec, specPath),
  ];
}

type PodPart = Partial<NonNullable<Pod['spec']>>;

/** The pod as it was, with one part of its spec; undefined leaves it as it came, for validation to refuse. */
function keepAllBut(pod: Pod, before: Pod, partOf: (pod: Pod, before: Pod) => PodPart | undefined): void {
  const part = partOf(pod, before);
  if (before.spec === undefined || part === undefined) return;
  pod.spec = { ...before.spec, ...part };
  if (pod.spec.ephemeralContainers?.length === 0) delete pod.spec.ephemeralContainers;
  for (const field of metadataAside) {
    const value: unknown = before.metadata?.[field];
    if (pod.metadata === undefined) continue;
    if (value === undefined) Reflect.deleteProperty(pod.metadata, field);
    else Reflect.set(pod.metadata, field, value);
  }
}

function ephemeralContainersOf({ spec }: Pod): PodPart {
  return { ephemeralContainers: spec?.ephemeralContainers ?? [] };
}

function resizedPartOf({ spec }: Pod, before: Pod): PodPart | undefined {
  const part: PodPart = spec?.resources === undefined ? {} : { resources: spec.resources };
  for (const list of ['containers', 'initContainers'] as const) {
    const [containers, old] = [spec?.[list] ?? [], before.spec?.[list] ?? []];
    if (containers.length !== old.length) return undefined;
    if (containers.some(({ name }, index) => old[index]?.name !== name)) return undefined;
    if (old.length > 0) part[list] = old.map((container, index) => resized(container, containers[index]));
  }
  return part;
}

function resized(old: Container, wanted: Container | undefined): Container {
  const { resources: _resources, resizePolicy: _policy, ...rest } = old;
  return {
    ...rest,
    ...(wanted?.resources === undefined ? {} : { resources: wanted.resources }),
    ...(wanted?.resizePolicy === undefined ? {} : { resizePolicy: wanted.resizePolicy }),
  };
}
