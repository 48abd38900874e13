import type { Namespace, Pod } from '../../api/types/core-v1.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { isQualifiedName, isValidLabelValue } from '../../apimachinery/names.ts';
import { forbidden, internalError, plainError, type StatusError } from '../../apimachinery/status.ts';
import {
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { getWithFallback } from './cluster-reader.ts';
import type { PodNodeSelectorConfiguration } from './configuration/pod-node-selector-configuration.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';

/** The entry of the configuration for namespaces without an annotation. */
const defaultKey = 'clusterDefaultNodeSelector';

/**
 * Keeps the pods of a namespace on the nodes that its annotation selects, or else the configuration, which also says
 * what pods of a namespace may select at all.
 */
export function podNodeSelector(
  context: AdmissionContext,
  configuration: PodNodeSelectorConfiguration = {},
): AdmissionPlugin {
  const lookUp = getWithFallback<Namespace>(context, { group: '', version: 'v1', resource: 'namespaces' });
  const selectorOf = async (attributes: AdmissionAttributes): Promise<Readonly<Record<string, string>>> => {
    const namespace = await lookUp('', attributes.namespace);
    if (namespace === undefined) throw internalError(`namespace ${attributes.namespace} does not exist`);
    const text = namespace.metadata.annotations?.[annotation] ?? configuration[defaultKey] ?? '';
    const selector = parseSelector(text);
    const own = nodeSelectorOf(attributes);
    if (Object.entries(selector).every(([key, value]) => (own[key] ?? value) === value)) return selector;
    throw refused(attributes, 'pod node label selector conflicts with its namespace node label selector');
  };
  const checkAllowed = (attributes: AdmissionAttributes): void => {
    const allowed = parseSelector(configuration[attributes.namespace] ?? '');
    if (Object.keys(allowed).length === 0) return;
    if (Object.entries(nodeSelectorOf(attributes)).every(([key, value]) => allowed[key] === value)) return;
    throw refused(attributes, 'pod node label selector labels conflict with its namespace whitelist');
  };
  const applies = (attributes: AdmissionAttributes): boolean =>
    attributes.operation === 'CREATE' && resourceKey(attributes) === 'pods' && attributes.subresource === '';
  return {
    name: 'PodNodeSelector',
    async admit(attributes) {
      if (!applies(attributes)) return;
      const selector = await selectorOf(attributes);
      const { spec } = attributes.object as unknown as Pod;
      if (spec !== undefined && Object.keys(selector).length > 0) {
        spec.nodeSelector = { ...selector, ...spec.nodeSelector };
      }
      checkAllowed(attributes);
    },
    async validate(attributes) {
      if (!applies(attributes)) return;
      await selectorOf(attributes);
      checkAllowed(attributes);
    },
  };
}

function nodeSelectorOf({ object }: AdmissionAttributes): Readonly<Record<string, string>> {
  return (object as unknown as Pod).spec?.nodeSelector ?? {};
}

function refused({ resource, object }: AdmissionAttributes, message: string): StatusError {
  return forbidden(resource, object?.metadata.name ?? '', message);
}

/** `a=b,c=d`. @throws StatusError for what is no such list */
function parseSelector(text: string): Record<string, string> {
  const selector: Record<string, string> = {};
  for (const part of text === '' ? [] : text.split(',')) {
    const [key = '', value, ...more] = part.split('=');
    if (value === undefined || more.length > 0) throw plainError(`invalid selector: [${part.split('=').join(' ')}]`);
    const name = key.trim();
    const labelErrors = isQualifiedName(name);
    if (labelErrors.length > 0) throw plainError(`<nil>: Invalid value: ${goQuote(name)}: ${labelErrors.join('; ')}`);
    const valueErrors = isValidLabelValue(value.trim());
    if (valueErrors.length > 0) {
      throw plainError(`[${name}]: Invalid value: ${goQuote(value.trim())}: ${valueErrors.join('; ')}`);
    }
    selector[name] = value.trim();
  }
  return selector;
}
