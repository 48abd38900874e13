import { type FieldError, FieldPath, fieldForbidden, invalid } from '../../../apimachinery/field-error.ts';
import { equalJson, type JsonValue } from '../../../apimachinery/json.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../types/core-v1.ts';
import { qosClassOf } from './pod-qos.ts';
import { validatePodSpec } from './pod-spec-validation.ts';
import { withOldAmounts } from './pod-update-validation.ts';

const specPath = new FieldPath('spec');
/** How the real server names what is wrong with all of an object. */
const wholePod = new FieldPath('[]');
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** The cpu and memory of containers may change while they run, within the pod's class of service (KEP-1287). */
export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  if (old.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [fieldForbidden(wholePod, 'static pods cannot be resized')];
  }
  if (old.spec?.os?.name === 'windows') return [fieldForbidden(wholePod, 'windows pods cannot be resized')];
  const [spec, before] = [pod.spec ?? { containers: [] }, old.spec ?? { containers: [] }];
  const errors = validatePodSpec(spec, specPath, { isTemplate: false, podName: pod.metadata?.name ?? '' });
  if ((old.status?.qosClass ?? qosClassOf(old)) !== qosClassOf(pod)) {
    const message = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid(specPath, pod.status?.qosClass ?? '', message));
  }
  const running = (old.status?.containerStatuses ?? []).find(({ state }) => state?.running !== undefined);
  if (running !== undefined && running.resources === undefined) {
    errors.push(fieldForbidden(specPath, 'Pod running on node without support for resize'));
  }
  if (hasPodLevelResources(spec) || hasPodLevelResources(before)) {
    errors.push(...validatePodLevel(spec.resources, before.resources));
  }
  const orderErrors = validateOrder(spec, before);
  if (orderErrors.length > 0) return [...errors, ...orderErrors];
  errors.push(...validateNothingLost(spec, before));
  (before.containers ?? []).forEach((container, index) => {
    const now = spec.containers[index];
    if (now === undefined) return;
    if (!equalSemantic(withOldAmounts(now, container), { ...container, resources: container.resources ?? {} })) {
      errors.push(fieldForbidden(specPath, 'only cpu and memory resources are mutable'));
    }
  });
  errors.push(...validateInitContainers(spec, before));
  return errors;
}

function hasPodLevelResources({ resources }: PodSpec): boolean {
  return Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;
}

function validatePodLevel(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): FieldError[] {
  const at = specPath.child('resources');
  if (old !== undefined && resources === undefined)
    return [fieldForbidden(at, 'pod-level resources cannot be removed')];
  const errors = (['requests', 'limits'] as const).flatMap((list) =>
    isReduced(resources?.[list], old?.[list])
      ? [fieldForbidden(at.child(list), `pod-level resource ${list} cannot be removed`)]
      : [],
  );
  if (!equalJson(fixedAmounts(resources), fixedAmounts(old))) {
    errors.push(fieldForbidden(specPath, 'only cpu and memory resources are mutable at pod-level'));
  }
  return errors;
}

/** What a resize leaves as it is: all but CPU and memory. */
function fixedAmounts(resources: ResourceRequirements | undefined): JsonValue {
  const others = (list: Readonly<Record<string, string>> = {}): [string, string][] =>
    Object.entries(list)
      .filter(([name]) => name !== 'cpu' && name !== 'memory')
      .map(([name, amount]): [string, string] => [name, parseQuantity(amount).toString()])
      .sort(([left], [right]) => (left < right ? -1 : 1));
  return [others(resources?.requests), others(resources?.limits)];
}

function isReduced(list: Readonly<Record<string, string>> = {}, old: Readonly<Record<string, string>> = {}): boolean {
  return Object.keys(old).some((name) => list[name] === undefined);
}

function validateNothingRemoved(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  path: FieldPath,
): FieldError[] {
  return (['requests', 'limits'] as const).flatMap((list) =>
    isReduced(resources?.[list], old?.[list])
      ? [fieldForbidden(path.child('resources', list), `resource ${list} cannot be removed`)]
      : [],
  );
}

function validateOrder(spec: PodSpec, before: PodSpec): FieldError[] {
  return (['containers', 'initContainers'] as const).flatMap((list) => {
    const at = specPath.child(list);
    const [containers, old] = [spec[list] ?? [], before[list] ?? []];
    if (containers.length !== old.length) return [fieldForbidden(at, `${list} may not be added or removed on resize`)];
    return old.flatMap(({ name }, index) =>
      containers[index]?.name === name
        ? []
        : [fieldForbidden(at.index(index).child('name'), `${list} may not be renamed or reordered on resize`)],
    );
  });
}

/** Those that restart the container for a new size are sidecars: others have run already. */
function validateInitContainers(spec: PodSpec, before: PodSpec): FieldError[] {
  return (before.initContainers ?? []).flatMap((container: Container, index) => {
    const now = spec.initContainers?.[index];
    if (now === undefined || equalSemantic(now, container)) return [];
    const at = specPath.child('initContainers').index(index);
    const errors: FieldError[] = [];
    if (!equalSemantic(withOldAmounts(now, container), { ...container, resources: container.resources ?? {} })) {
      const message = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(fieldForbidden(at, message));
    }
    if (container.restartPolicy === 'Always') return errors;
    for (const { restartPolicy } of now.resizePolicy ?? []) {
      if (restartPolicy !== 'RestartContainer') continue;
      const message = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
      errors.push(fieldForbidden(at, message));
    }
    return errors;
  });
}

/** Amounts of cpu and memory come and change, but do not go. */
function validateNothingLost(spec: PodSpec, before: PodSpec): FieldError[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (before[list] ?? []).flatMap(({ resources }, index) =>
      validateNothingRemoved(spec[list]?.[index]?.resources, resources, specPath.child(list).index(index)),
    ),
  );
}
