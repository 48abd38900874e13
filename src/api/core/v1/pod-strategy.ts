import { parseQuantity, QuantityError } from '../../../apimachinery/quantity.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { FieldPath } from '../../../apimachinery/field-error.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Container, Pod } from '../../types/core-v1.ts';
import { setPodSpecDefaults } from './pod-spec-defaults.ts';
import { validateNewPod, validatePodSpec, validatePodSpecUpdate } from './pod-spec-validation.ts';

/** Defaults of a pod; the link to the sum of its init containers comes with its spec. */
export function setPodDefaults(object: Unstructured): void {
  const { spec } = object as unknown as Pod;
  if (spec === undefined) return;
  setPodSpecDefaults(spec);
  spec.enableServiceLinks ??= true;
}

/** Guaranteed, Burstable or BestEffort, by cpu and memory of all containers (qos.GetPodQOS). */
export function qosClassOf(pod: Pod): string {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const amounts = (container: Container, list: 'requests' | 'limits'): Map<string, bigint> => {
    const entries = Object.entries(container.resources?.[list] ?? {}).filter(
      ([name]) => name === 'cpu' || name === 'memory',
    );
    return new Map(entries.map(([name, text]) => [name, nanoOf(text)] as const).filter(([, nano]) => nano > 0n));
  };
  let anything = false;
  let guaranteed = true;
  for (const container of containers) {
    const requests = amounts(container, 'requests');
    const limits = amounts(container, 'limits');
    if (requests.size > 0 || limits.size > 0) anything = true;
    for (const name of ['cpu', 'memory']) {
      const limit = limits.get(name);
      if (limit === undefined || (requests.get(name) ?? limit) !== limit) guaranteed = false;
    }
  }
  if (!anything) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function nanoOf(text: string): bigint {
  try {
    return parseQuantity(text).nano;
  } catch (error) {
    if (error instanceof QuantityError) return 0n;
    throw error;
  }
}

const specPath = new FieldPath('spec');

/** What the registry does with pods. */
export const podStrategy: Strategy = {
  hasGeneration: true,
  returnDeletedObject: true,
  prepareForCreate(object) {
    const pod = object as unknown as Pod;
    pod.status = { phase: 'Pending', qosClass: qosClassOf(pod) };
  },
  prepareForUpdate(object, old, context) {
    const pod = object as unknown as Pod;
    const before = old as unknown as Pod;
    if (context.subresource === '') {
      if (before.status !== undefined) pod.status = before.status;
      return;
    }
    if (before.spec === undefined || pod.spec === undefined) return;
    if (context.subresource === 'status') {
      pod.spec = before.spec;
      if (pod.status !== undefined && before.status?.qosClass !== undefined)
        pod.status.qosClass = before.status.qosClass;
    } else if (context.subresource === 'ephemeralcontainers') {
      const { ephemeralContainers } = pod.spec;
      pod.spec = { ...before.spec, ...(ephemeralContainers === undefined ? {} : { ephemeralContainers }) };
      if (before.status !== undefined) pod.status = before.status;
    } else if (context.subresource === 'resize') {
      const resized = (list: Container[] | undefined, wanted: Container[] | undefined): Container[] | undefined =>
        list?.map((container) => {
          const asked = wanted?.find((candidate) => candidate.name === container.name);
          return asked?.resources === undefined ? container : { ...container, resources: asked.resources };
        });
      const containers = resized(before.spec.containers, pod.spec.containers) ?? [];
      const initContainers = resized(before.spec.initContainers, pod.spec.initContainers);
      pod.spec = { ...before.spec, containers, ...(initContainers === undefined ? {} : { initContainers }) };
      if (before.status !== undefined) pod.status = before.status;
    }
  },
  validateCreate(object) {
    const { metadata, spec } = object as unknown as Pod;
    const podName = metadata?.name ?? '';
    return [...validatePodSpec(spec, specPath, { isTemplate: false, podName }), ...validateNewPod(spec, specPath)];
  },
  validateUpdate(object, old, context) {
    const pod = object as unknown as Pod;
    if (context.subresource !== '') return [];
    return validatePodSpecUpdate(pod.spec, (old as unknown as Pod).spec, specPath);
  },
};
