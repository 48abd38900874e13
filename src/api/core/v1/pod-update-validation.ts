import { type FieldError, FieldPath, fieldForbidden, invalid, required } from '../../../apimachinery/field-error.ts';
import { cloneJson } from '../../../apimachinery/json.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { inclusiveRangeMessage } from '../../../apimachinery/names.ts';
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../types/core-v1.ts';
import { internalDifference, internalObject } from './internal-objects.ts';
import { validatePodAnnotations } from './pod-annotation-validation.ts';
import { validateTolerations } from './pod-scheduling-validation.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

const specPath = new FieldPath('spec');
const annotationsPath = new FieldPath('metadata').child('annotations');
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const longestDeadline = 2 ** 31 - 1;

const updateMessage =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Images, the deadline, further tolerations and fewer gates of a pod may change (core validation's ValidatePodUpdate). */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const [spec, before] = [pod.spec, old.spec];
  if (spec === undefined || before === undefined) return [];
  const podName = pod.metadata?.name ?? '';
  const errors = [
    ...validatePodAnnotations(pod.metadata?.annotations, spec, annotationsPath),
    ...validatePodSpec(spec, specPath, { isTemplate: false, podName }),
    ...validateAnnotationUpdates(pod, old),
    ...validatePodAnnotations(pod.metadata?.annotations, spec, annotationsPath),
  ];
  for (const list of ['containers', 'initContainers'] as const) {
    const at = specPath.child(list);
    const containers = spec[list] ?? [];
    if (containers.length !== (before[list] ?? []).length) {
      return [...errors, fieldForbidden(at, 'pod updates may not add or remove containers')];
    }
    containers.forEach(({ image = '' }, index) => {
      const imageAt = at.index(index).child('image');
      if (image === '') errors.push(required(imageAt));
      if (image.trim() !== image) {
        errors.push(invalid(imageAt, image, 'must not have leading or trailing whitespace'));
      }
    });
  }
  const { errors: deadlineErrors, isFinal } = validateDeadline(spec, before);
  errors.push(...deadlineErrors);
  if (isFinal) return errors;
  errors.push(...validateAddedTolerations(spec.tolerations ?? [], before.tolerations ?? []));
  const gates = (before.schedulingGates ?? []).map(({ name }) => name);
  // Of two gates of one name the last counts.
  const positions = new Map((spec.schedulingGates ?? []).map(({ name }, index) => [name, index]));
  positions.forEach((index, name) => {
    if (gates.includes(name)) return;
    const message = `only deletion is allowed, but found new scheduling gate '${name}'`;
    errors.push(fieldForbidden(specPath.child('schedulingGates').index(index).child('name'), message));
  });
  if (equalSemantic(spec, before)) return errors;
  const masked = maskMutable(spec, before);
  if (gates.length > 0) errors.push(...maskScheduling(masked, before));
  const difference = internalDifference('PodSpec', before, masked);
  return difference === '' ? errors : [...errors, fieldForbidden(specPath, `${updateMessage}\n${difference}`)];
}

function validateAnnotationUpdates({ metadata }: Pod, { metadata: oldMetadata }: Pod): FieldError[] {
  const [annotations, before] = [metadata?.annotations ?? {}, oldMetadata?.annotations ?? {}];
  const refuse = (key: string, what: string): FieldError[] => {
    if (key.startsWith(appArmorPrefix))
      return [fieldForbidden(annotationsPath.key(key), `may not ${what} AppArmor annotations`)];
    return key === mirrorAnnotation
      ? [fieldForbidden(annotationsPath.key(key), `may not ${what} mirror pod annotation`)]
      : [];
  };
  return [
    ...Object.entries(before).flatMap(([key, value]) =>
      annotations[key] === value ? [] : refuse(key, 'remove or update'),
    ),
    ...Object.keys(annotations).flatMap((key) => (before[key] === undefined ? refuse(key, 'add') : [])),
  ];
}

/** A deadline may be set, and be drawn nearer. */
function validateDeadline(spec: PodSpec, before: PodSpec): { errors: FieldError[]; isFinal: boolean } {
  const [seconds, was] = [spec.activeDeadlineSeconds, before.activeDeadlineSeconds];
  const at = specPath.child('activeDeadlineSeconds');
  if (seconds === undefined) {
    const message = 'must not update from a positive integer to nil value';
    return { errors: was === undefined ? [] : [invalid(at, null, message)], isFinal: false };
  }
  if (seconds < 0 || seconds > longestDeadline) {
    return { errors: [invalid(at, seconds, inclusiveRangeMessage(0, longestDeadline))], isFinal: true };
  }
  if (was === undefined || was >= seconds) return { errors: [], isFinal: false };
  return { errors: [invalid(at, seconds, 'must be less than or equal to previous value')], isFinal: true };
}

function validateAddedTolerations(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const at = specPath.child('tolerations');
  const withoutSeconds = ({ tolerationSeconds: _seconds, ...rest }: Toleration): object => rest;
  const keepsAll = old.every((before) =>
    tolerations.some((toleration) => equalSemantic(withoutSeconds(toleration), withoutSeconds(before))),
  );
  if (keepsAll) return validateTolerations(tolerations, at);
  return [fieldForbidden(at, 'existing toleration can not be modified except its tolerationSeconds')];
}

/** The new spec with everything that may change as it was. */
function maskMutable(spec: PodSpec, before: PodSpec): PodSpec {
  const masked = cloneJson(spec);
  for (const list of ['containers', 'initContainers'] as const) {
    masked[list]?.forEach((container, index) => {
      const image = before[list]?.[index]?.image;
      if (image !== undefined) container.image = image;
    });
  }
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const)
    keepOld(masked, before, field);
  const grace = before.terminationGracePeriodSeconds ?? 0;
  if (grace < 0 && masked.terminationGracePeriodSeconds === 1) masked.terminationGracePeriodSeconds = grace;
  return masked;
}

function keepOld(target: PodSpec, before: PodSpec, field: keyof PodSpec): void {
  const value: unknown = before[field];
  if (value === undefined) Reflect.deleteProperty(target, field);
  else Reflect.set(target, field, value);
}

/** While a pod waits at gates, where it may run may be narrowed down (KEP-3521). */
function maskScheduling(masked: PodSpec, before: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const [selector, oldSelector] = [masked.nodeSelector ?? {}, before.nodeSelector ?? {}];
  if (!equalSemantic(selector, oldSelector)) {
    if (Object.entries(oldSelector).some(([key, value]) => selector[key] !== value)) {
      const message = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
      errors.push(invalid(specPath.child('nodeSelector'), selector, message));
    }
    keepOld(masked, before, 'nodeSelector');
  }
  const [nodes, oldNodes] = [masked.affinity?.nodeAffinity, before.affinity?.nodeAffinity];
  if (equalSemantic(nodes ?? null, oldNodes ?? null)) return errors;
  errors.push(...validateNarrowing(nodes, oldNodes));
  const { nodeAffinity: _nodes, ...others } = masked.affinity ?? {};
  const affinity = oldNodes === undefined ? others : { ...others, nodeAffinity: oldNodes };
  if (Object.keys(affinity).length === 0 && before.affinity === undefined) delete masked.affinity;
  else masked.affinity = affinity;
  return errors;
}

function validateNarrowing(nodes: NodeAffinity | undefined, old: NodeAffinity | undefined): FieldError[] {
  const oldTerms = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (oldTerms.length === 0) return [];
  const terms = nodes?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const field = 'requiredDuringSchedulingIgnoredDuringExecution';
  const at = specPath.child('affinity', 'nodeAffinity', field, 'nodeSelectorTerms');
  const shown = (term: NodeSelectorTerm): unknown => internalObject('NodeSelectorTerm', term);
  if (terms.length !== oldTerms.length) {
    const message = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalid(at, terms.length === 0 ? null : terms.map(shown), message)];
  }
  return terms.flatMap((term, index) => {
    const before = oldTerms[index] ?? {};
    if (hasOnlyAdditions(term, before)) return [];
    return [invalid(at.index(index), shown(term), 'only additions are allowed (no mutations or deletions)')];
  });
}

function hasOnlyAdditions(term: NodeSelectorTerm, before: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  if (lists.every((list) => (before[list] ?? []).length === 0)) {
    return lists.every((list) => (term[list] ?? []).length === 0);
  }
  return lists.every((list) => {
    const old = before[list] ?? [];
    return equalSemantic((term[list] ?? []).slice(0, old.length), old);
  });
}

/** Containers may be put into a running pod, and stay as they are from then on (KEP-277). */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [fieldForbidden(new FieldPath('[]'), 'static pods do not support ephemeral containers')];
  }
  const podName = pod.metadata?.name ?? '';
  const errors = [
    ...validatePodSpec(pod.spec, specPath, { isTemplate: false, podName }),
    ...validateAnnotationUpdates(pod, old),
  ];
  const at = specPath.child('ephemeralContainers');
  for (const before of old.spec?.ephemeralContainers ?? []) {
    // Of several with one name the last counts.
    const now = pod.spec?.ephemeralContainers?.findLast(({ name }) => name === before.name);
    const what = `existing ephemeral containers "${before.name}" may not be`;
    if (now === undefined) errors.push(fieldForbidden(at, `${what} removed\n`));
    else {
      const difference = internalDifference('EphemeralContainer', before, now);
      if (difference !== '') errors.push(fieldForbidden(at, `${what} changed\n${difference}`));
    }
  }
  return errors;
}

/** Containers without what of their cpu and memory may be resized. */
export function withOldAmounts(container: Container, old: Container): Container {
  const { resources: given, ...rest } = container;
  const amounts = (list: 'limits' | 'requests'): Record<string, string> => {
    const { cpu: _cpu, memory: _memory, ...kept } = given?.[list] ?? {};
    const before = Object.entries(old.resources?.[list] ?? {}).filter(([name]) => name === 'cpu' || name === 'memory');
    return { ...kept, ...Object.fromEntries(before) };
  };
  const resources: NonNullable<Container['resources']> = {};
  for (const list of ['limits', 'requests'] as const) {
    const kept = amounts(list);
    if (Object.keys(kept).length > 0) resources[list] = kept;
  }
  return { ...rest, resources };
}
