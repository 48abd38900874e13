import { messageOf } from '../../../apimachinery/error-message.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { parseFieldSelector, type FieldRequirement } from '../../../apimachinery/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../../../apimachinery/labels.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest } from '../../../apimachinery/status.ts';
import type { ApiResource } from './api-resource.ts';

/** Which objects of a resource a list, watch or deletecollection is about. */
export interface Selection {
  /** Whether everything matches, so that nothing needs to be parsed. */
  readonly everything: boolean;
  /** The one name that `metadata.name=` asks for. */
  readonly name: string | undefined;
  /** Whether stored bytes can match at all; false spares reading them. */
  mayMatch(stored: Uint8Array): boolean;
  matches(object: Unstructured): boolean;
}

/** Matches everything. */
export const everythingSelection: Selection = {
  everything: true,
  name: undefined,
  mayMatch: () => true,
  matches: () => true,
};

/** Looks at how selectors are written, not at what they name. @throws StatusError 400 */
export function checkSelectorSyntax(labelSelector: string, fieldSelector: string): void {
  attempt(() => parseLabelSelector(labelSelector));
  attempt(() => parseFieldSelector(fieldSelector));
}

/** Reads both selectors. @throws StatusError 400 for syntax and for fields that the resource cannot select by. */
export function parseSelection(resource: ApiResource, labelSelector: string, fieldSelector: string): Selection {
  const labels = attempt(() => parseLabelSelector(labelSelector));
  // What names no field and no value asks for nothing.
  const fields = attempt(() => parseFieldSelector(fieldSelector)).filter(
    ({ field, value }) => field !== '' || value !== '',
  );
  const readers = fields.map((requirement) => ({ requirement, read: fieldReader(resource, requirement.field) }));
  const needles = [
    ...labels.flatMap(({ key, operator, values: [value] }) =>
      (operator === '=' || operator === '==') && value !== undefined ? [needleOf(key, value)] : [],
    ),
    ...fields.flatMap(({ field, operator, value }) =>
      operator === '=' && isStoredAsItIs(resource, field) && /^[\w.-]+$/.test(value)
        ? [needleOf(field.slice(field.lastIndexOf('.') + 1), value)]
        : [],
    ),
  ];
  const named = fields.find((requirement) => requirement.field === 'metadata.name' && requirement.operator === '=');
  return {
    everything: labels.length === 0 && fields.length === 0,
    name: named?.value,
    mayMatch: (stored) => needles.every((needle) => bytesOf(stored).includes(needle)),
    matches: (object) =>
      matchesLabels(labels, object.metadata.labels ?? {}) &&
      readers.every(({ requirement, read }) => satisfies(requirement, read(object))),
  };
}

/** What stands in the stored text of an object that has this. */
function needleOf(key: string, value: string): Buffer {
  return Buffer.from(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
}

/** Fields by which kubelets and `describe` find their few objects among many. */
const commonFields: ReadonlySet<string> = new Set(['spec.nodeName', 'involvedObject.name', 'involvedObject.uid']);

/** Whether a common field stands in what is stored under its own name: no version is made of another's. */
function isStoredAsItIs({ custom, definition }: ApiResource, field: string): boolean {
  return commonFields.has(field) && !custom && definition.storage === undefined;
}

function bytesOf(stored: Uint8Array): Buffer {
  return Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
}

function satisfies(requirement: FieldRequirement, value: string): boolean {
  return (value === requirement.value) === (requirement.operator === '=');
}

function fieldReader(resource: ApiResource, field: string): (object: Unstructured) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  const { namespaced, selectableFields } = resource.definition;
  // Cluster-wide kinds with fields of their own know no namespace, as those of CRDs do not.
  const knowsNamespace =
    resource.definition.selectsNamespace ?? (namespaced || (!resource.custom && selectableFields === undefined));
  if (field === 'metadata.namespace' && knowsNamespace) {
    return (object) => object.metadata.namespace ?? '';
  }
  const reader =
    selectableFields !== undefined && Object.hasOwn(selectableFields, field) ? selectableFields[field] : undefined;
  if (reader !== undefined) return reader;
  if (resource.custom) throw badRequest(`field label not supported: ${field}`);
  // Kinds with fields of their own say so in other words than those that only know the metadata.
  if (selectableFields === undefined) {
    throw badRequest(`${goQuote(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
  }
  const words = unsupportedFieldWords[resource.gvk.kind];
  throw badRequest(words === undefined ? `field label not supported: ${field}` : words(field, resource));
}

/** What kinds with words of their own say of fields that they cannot be selected by. */
const unsupportedFieldWords: Readonly<Record<string, (field: string, resource: ApiResource) => string>> = {
  Job: (field) => `field label ${goQuote(field)} not supported for Job`,
  ResourceSlice: (field, { apiVersion }) => `field label not supported for ${apiVersion}, Kind=ResourceSlice: ${field}`,
};

function attempt<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw badRequest(messageOf(error));
  }
}
