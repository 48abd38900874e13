import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { PriorityClass } from '../../types/scheduling-v1.ts';

/** Pods of the class may push others away. */
export function setPriorityClassDefaults(object: Unstructured): void {
  const priorityClass = object as unknown as PriorityClass;
  priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
}
