import { qosClassOf } from '../../api/core/v1/pod-qos.ts';
import type { Namespace, Pod, Toleration } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { plainError } from '../../apimachinery/status.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import type { PodTolerationConfiguration } from './configuration/pod-toleration-configuration.ts';
import { areTolerationsWithin, mergeTolerations, readTolerations } from './tolerations.ts';

const defaultsKey = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const allowedKey = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const podKind = { group: '', version: 'v1', kind: 'Pod' } as const;
const memoryPressure = {
  key: 'node.kubernetes.io/memory-pressure',
  operator: 'Exists',
  effect: 'NoSchedule',
} as const;

/**
 * Gives pods the tolerations that their namespace's annotation names, and allows no others than it lists; the
 * configuration speaks for namespaces without such annotations.
 */
export function podTolerationRestriction(
  context: AdmissionContext,
  configuration: PodTolerationConfiguration = { default: [], whitelist: [] },
): AdmissionPlugin {
  const lookUp = getWithFallback<Namespace>(context, { group: '', version: 'v1', resource: 'namespaces' });
  const listOf = async (attributes: AdmissionAttributes, key: string): Promise<readonly Toleration[] | undefined> => {
    const text = (await lookUp('', attributes.namespace))?.metadata.annotations?.[key];
    if (text === undefined) return undefined;
    const types = context.kinds.find(podKind)?.types ?? { lookup: () => undefined };
    try {
      return text === '' ? [] : readTolerations(text, types);
    } catch (error) {
      throw plainError(messageOf(error));
    }
  };
  const applies = (attributes: AdmissionAttributes): boolean => {
    const isWrite = attributes.operation === 'CREATE' || attributes.operation === 'UPDATE';
    return isWrite && resourceKey(attributes) === 'pods' && attributes.subresource === '';
  };
  const check = async (attributes: AdmissionAttributes): Promise<void> => {
    if (!applies(attributes)) return;
    const { spec } = attributes.object as unknown as Pod;
    const tolerations = spec?.tolerations ?? [];
    if (tolerations.length === 0) return;
    const ofNamespace = await listOf(attributes, allowedKey);
    if (areTolerationsWithin(tolerations, ofNamespace ?? configuration.whitelist)) return;
    const scope = ofNamespace === undefined ? 'cluster' : 'namespace';
    throw plainError(
      `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${scope} whitelist`,
    );
  };
  return {
    name: 'PodTolerationRestriction',
    async admit(attributes) {
      if (!applies(attributes)) return;
      const pod = attributes.object as unknown as Pod;
      if (pod.spec === undefined) return;
      // What an initializer changes is as new as when it was created.
      const isNew = attributes.operation === 'CREATE' || attributes.oldObject?.metadata.initializers !== undefined;
      const defaults = isNew ? ((await listOf(attributes, defaultsKey)) ?? configuration.default) : [];
      const own = pod.spec.tolerations ?? [];
      const merged = defaults.length === 0 ? own : mergeTolerations(own, defaults);
      const tolerations = qosClassOf(pod) === 'BestEffort' ? merged : mergeTolerations(merged, [memoryPressure]);
      if (tolerations.length > 0) pod.spec.tolerations = tolerations;
      await check(attributes);
    },
    validate: check,
  };
}
