import { gvkOf } from '../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError } from '../../cli/command.ts';
import { goTypeName } from './change-objects.ts';

/** A container, of which some fields may be changed. */
export interface ChangeableContainer {
  readonly name: string;
  image?: string;
  env?: EnvironmentVariable[];
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> };
}

/** A variable of a container, with its value or where that comes from. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: VariableSource;
}

/** Where the value of a variable comes from. */
export interface VariableSource {
  readonly configMapKeyRef?: { readonly name?: string; readonly key: string };
  readonly secretKeyRef?: { readonly name?: string; readonly key: string };
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: {
    readonly containerName?: string;
    readonly resource: string;
    readonly divisor?: string | number;
  };
}

/** The part of a pod's specification that is changed. */
export interface ChangeablePodSpec {
  /** Null where an object without any is read into its type. */
  readonly containers?: ChangeableContainer[] | null;
  readonly initContainers?: ChangeableContainer[];
  serviceAccountName?: string;
}

const pathsOfTemplates: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec'],
  '/ReplicationController': ['spec', 'template', 'spec'],
  'apps/DaemonSet': ['spec', 'template', 'spec'],
  'apps/Deployment': ['spec', 'template', 'spec'],
  'apps/ReplicaSet': ['spec', 'template', 'spec'],
  'apps/StatefulSet': ['spec', 'template', 'spec'],
  'batch/CronJob': ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  'batch/Job': ['spec', 'template', 'spec'],
};

/** The specification of the pods of an object, to be changed in place. @throws CommandError where it has none */
export function podSpecOf(object: Unstructured): ChangeablePodSpec {
  const { group, kind } = gvkOf(object);
  const path = pathsOfTemplates[`${group === 'extensions' ? 'apps' : group}/${kind}`];
  if (path === undefined) {
    throw new CommandError(`the object is not a pod or does not have a pod template: ${goTypeName(object)}`);
  }
  let place = object as unknown as JsonObject;
  for (const step of path) {
    const next = place[step];
    if (isJsonObject(next)) place = next;
    else place = place[step] = {};
  }
  return place;
}

/** The containers whose names fit a pattern with `*`, initial ones last. */
export function selectContainers(
  { containers, initContainers }: ChangeablePodSpec,
  pattern: string,
): ChangeableContainer[] {
  return [...(containers ?? []), ...(initContainers ?? [])].filter(({ name }) => fits(name, pattern));
}

/** Whether a name fits, as the real program sees it: its search is neither greedy nor does it go back. */
function fits(name: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.includes('*')) return name === pattern;
  const parts = pattern.split('*');
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (part === '') continue;
    const next = name.slice(at).indexOf(part);
    if (next < at || (index === 0 && at !== 0)) return false;
    if (index === parts.length - 1 && name.length !== part.length + next) return false;
    at = next;
  }
  return true;
}
