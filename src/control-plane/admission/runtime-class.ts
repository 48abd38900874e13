import { readResourceList } from '../../api/core/v1/resource-list.ts';
import type { Pod } from '../../api/types/core-v1.ts';
import type { RuntimeClass } from '../../api/types/node-v1.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import { mergeTolerations } from './tolerations.ts';
import { refusal } from './refusal.ts';

/** Gives pods the overhead and the places that their runtime class states (KEP-688). */
export function runtimeClass(context: AdmissionContext): AdmissionPlugin {
  const lookUp = getWithFallback<RuntimeClass>(context, {
    group: 'node.k8s.io',
    version: 'v1',
    resource: 'runtimeclasses',
  });
  const classOf = async (attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> => {
    const name = (attributes.object as unknown as Pod).spec?.runtimeClassName;
    if (name === undefined) return undefined;
    const found = await lookUp('', name);
    if (found !== undefined) return found;
    throw refusal(attributes, `pod rejected: RuntimeClass "${name}" not found`);
  };
  const applies = (attributes: AdmissionAttributes): boolean =>
    attributes.operation === 'CREATE' && resourceKey(attributes) === 'pods' && attributes.subresource === '';
  return {
    name: 'RuntimeClass',
    async admit(attributes) {
      if (!applies(attributes)) return;
      const found = await classOf(attributes);
      if (found === undefined) return;
      setOverhead(attributes, found);
      setScheduling(attributes, found);
    },
    async validate(attributes) {
      if (!applies(attributes)) return;
      const overhead = (await classOf(attributes))?.overhead?.podFixed;
      const own = (attributes.object as unknown as Pod).spec?.overhead;
      if (overhead !== undefined) {
        if (!sameAmounts(overhead, own)) throw mismatch(attributes);
        return;
      }
      // An empty one counts as set.
      if (own === undefined) return;
      const message = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
      throw refusal(attributes, message);
    },
  };
}

function setOverhead(attributes: AdmissionAttributes, { overhead }: RuntimeClass): void {
  const { spec } = attributes.object as unknown as Pod;
  if (overhead === undefined || spec === undefined) return;
  if (Object.keys(spec.overhead ?? {}).length > 0 && !sameAmounts(overhead.podFixed, spec.overhead)) {
    throw mismatch(attributes);
  }
  if (overhead.podFixed !== undefined) spec.overhead = { ...overhead.podFixed };
}

function setScheduling(attributes: AdmissionAttributes, { scheduling }: RuntimeClass): void {
  const { spec } = attributes.object as unknown as Pod;
  if (scheduling === undefined || spec === undefined) return;
  const selector = { ...spec.nodeSelector };
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = selector[key];
    if (own !== undefined && own !== value) {
      const message = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw refusal(attributes, message);
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length > 0) spec.nodeSelector = selector;
  const tolerations = mergeTolerations(spec.tolerations ?? [], scheduling.tolerations ?? []);
  if (tolerations.length > 0) spec.tolerations = tolerations;
}

function mismatch(attributes: AdmissionAttributes): Error {
  return refusal(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

type Amounts = Readonly<Record<string, string | number>> | undefined;

function sameAmounts(left: Amounts, right: Amounts): boolean {
  const [own, other] = [readResourceList(left), readResourceList(right)];
  if (own.size !== other.size) return false;
  return [...own].every(([name, quantity]) => {
    const same = other.get(name);
    return same !== undefined && same.compare(quantity) === 0;
  });
}
