import type { Namespace, Pod } from '../../api/types/core-v1.ts';
import { forbidden } from '../../apimachinery/status.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';

/** Keeps the pods of a namespace on the nodes that its annotation selects. */
export function podNodeSelector(context: AdmissionContext): AdmissionPlugin {
  const lookUp = getWithFallback<Namespace>(context, { group: '', version: 'v1', resource: 'namespaces' });
  const selectorOf = async (attributes: AdmissionAttributes): Promise<Readonly<Record<string, string>>> => {
    const namespace = await lookUp('', attributes.namespace);
    const own = attributes.object as unknown as Pod;
    const selector = parseSelector(namespace?.metadata.annotations?.[annotation] ?? '');
    const conflicts = Object.entries(selector).some(
      ([key, value]) => (own.spec?.nodeSelector?.[key] ?? value) !== value,
    );
    if (!conflicts) return selector;
    const message = 'pod node label selector conflicts with its namespace node label selector';
    throw forbidden(attributes.resource, own.metadata.name ?? '', message);
  };
  const applies = (attributes: AdmissionAttributes): boolean =>
    attributes.operation === 'CREATE' && resourceKey(attributes) === 'pods' && attributes.subresource === '';
  return {
    name: 'PodNodeSelector',
    async admit(attributes) {
      if (!applies(attributes)) return;
      const selector = await selectorOf(attributes);
      const { spec } = attributes.object as unknown as Pod;
      if (spec !== undefined && Object.keys(selector).length > 0)
        spec.nodeSelector = { ...selector, ...spec.nodeSelector };
    },
    async validate(attributes) {
      if (applies(attributes)) await selectorOf(attributes);
    },
  };
}

/** `a=b,c=d` */
function parseSelector(text: string): Record<string, string> {
  const selector: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=');
    if (key.trim() !== '') selector[key.trim()] = value.trim();
  }
  return selector;
}
