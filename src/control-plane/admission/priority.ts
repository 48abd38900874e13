import type { Pod, PodSpec } from '../../api/types/core-v1.ts';
import type { PriorityClass } from '../../api/types/scheduling-v1.ts';
import { isDns1123Subdomain } from '../../apimachinery/names.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { type AdmissionContext, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const classesResource = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' } as const;

/** Gives pods the value of their priority class, or of the global default, or 0. */
export function priority(context: AdmissionContext): AdmissionPlugin {
  const classes = context.informer<PriorityClass>(classesResource);
  const find = async (name: string): Promise<PriorityClass | undefined> => {
    const known = classes.get('', name);
    if (known !== undefined) return known;
    // What no class can be called there is none of.
    if (isDns1123Subdomain(name).length > 0) return undefined;
    try {
      return await context.client.resource<PriorityClass>(classesResource).get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  };
  return {
    name: 'Priority',
    async admit(attributes) {
      if (resourceKey(attributes) !== 'pods' || attributes.subresource !== '') return;
      const { spec } = (attributes.object ?? {}) as unknown as Pod;
      if (spec === undefined) return;
      if (attributes.operation === 'UPDATE') {
        keepPriority(spec, (attributes.oldObject as unknown as Pod).spec);
        return;
      }
      if (attributes.operation !== 'CREATE') return;
      const named = spec.priorityClassName ?? '';
      const chosen = named === '' ? globalDefault(classes.list()) : await find(named);
      if (named !== '' && chosen === undefined) {
        throw refusal(attributes, `no PriorityClass with name ${named} was found`);
      }
      const value = chosen?.value ?? 0;
      if (spec.priority !== undefined && spec.priority !== value) {
        const message = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`;
        throw refusal(attributes, message);
      }
      if (named === '' && chosen !== undefined) spec.priorityClassName = chosen.metadata.name ?? '';
      spec.priority = value;
      const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
      if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
        const message = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`;
        throw refusal(attributes, message);
      }
      spec.preemptionPolicy = policy;
    },
    validate(attributes) {
      const { operation, object, name } = attributes;
      if (resourceKey(attributes) !== 'scheduling.k8s.io/priorityclasses' || object === undefined) return;
      if ((operation !== 'CREATE' && operation !== 'UPDATE') || object['globalDefault'] !== true) return;
      const other = globalDefault(classes.list().filter(({ metadata }) => metadata.name !== name));
      if (other === undefined) return;
      const message = `PriorityClass ${other.metadata.name ?? ''} is already marked as default. Only one default can exist`;
      throw refusal(attributes, message);
    },
  };
}

/** Writers that know nothing of what was filled in leave it out. */
function keepPriority(spec: PodSpec, old: PodSpec | undefined): void {
  if (spec.priority === undefined && old?.priority !== undefined) spec.priority = old.priority;
  if (spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = old.preemptionPolicy;
  }
}

/** The lowest of those that call themselves the default. */
function globalDefault(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes
    .filter((candidate) => candidate.globalDefault === true)
    .toSorted((left, right) => (left.value ?? 0) - (right.value ?? 0))[0];
}
