import { shownSelector } from '../../meta/v1/shown-selector.ts';
import type { LabelSelector } from '../../types/meta-v1.ts';
import { shownMetadataFields } from '../../../apimachinery/field-error.ts';
import type { ObjectMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
import { unifiedDiff } from '../../../apimachinery/unified-diff.ts';
import { internalFields } from './internal-fields.ts';

interface InternalField {
  readonly goName: string;
  /** What the published type calls it. */
  readonly name: string;
  readonly kind: string;
  readonly type: string;
}

/** What a field shows when it is not set, by its kind; the others show null. */
const zeroValues: Readonly<Record<string, unknown>> = { '"': '', '#': 0, '?': false, '%': '0' };

let known: ReadonlyMap<string, readonly InternalField[]> | undefined;

function fieldsOf(type: string): readonly InternalField[] {
  known ??= new Map(
    internalFields
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', ...fields] = line.split(' ');
        return [name, fields.map(readField)] as const;
      }),
  );
  const fields = known.get(type);
  if (fields === undefined) throw new Error(`no internal type ${type}`);
  return fields;
}

function readField(text: string): InternalField {
  const [, goName = '', renamed, kind = '', type = ''] =
    /^(\w+)(?:\((\w+)\))?("|#|\?|%|\[\]|\*|=)?(\w*)$/.exec(text) ?? [];
  return { goName, name: renamed ?? goName.charAt(0).toLowerCase() + goName.slice(1), kind, type };
}

/** An object in the form in which the real server holds it, by the names of the Go fields, all of them there. */
export function internalObject(type: string, value: object): Record<string, unknown> {
  const fields = value as Readonly<Record<string, unknown>>;
  const source = type === 'PodSpec' ? withHostNamespaces(fields) : fields;
  return Object.fromEntries(
    fieldsOf(type).flatMap((field): (readonly [string, unknown])[] => {
      const shown = internalValue(field, source[field.name]);
      // An embedded struct shows its fields among those of its owner.
      return field.goName === 'ObjectMeta' ? Object.entries(shown ?? {}) : [[field.goName, shown]];
    }),
  );
}

function internalValue({ kind, type }: InternalField, value: unknown): unknown {
  if (kind === '=') return internalObject(type, value ?? {});
  if (value === undefined || value === null) return zeroValues[kind] ?? null;
  if (kind === '*') return internalObject(type, value);
  if (kind === '[]') return (value as readonly object[]).map((item) => internalObject(type, item));
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  if (isLabelSelector(value)) return shownSelector(value);
  return Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Selectors of labels are of a published type within the server, too. */
function isLabelSelector(value: object): value is LabelSelector {
  const { matchLabels, matchExpressions } = value as Readonly<Record<string, unknown>>;
  return Array.isArray(matchExpressions) || (typeof matchLabels === 'object' && matchLabels !== null);
}

const hostFields = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'];

/** Within the server, the namespaces of the host belong to the security context. */
function withHostNamespaces(spec: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const moved = hostFields.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]] as const);
  const securityContext = { ...(spec['securityContext'] as object | undefined), ...Object.fromEntries(moved) };
  return { ...spec, securityContext };
}

/** How two values of a type differ, as the real server tells it. Empty when they do not. */
export function internalDifference(type: string, old: object, changed: object): string {
  return difference(internalObject(type, old), internalObject(type, changed));
}

/** The same of whole objects with a spec and a status, whose metadata is of a published type within the server, too. */
export function internalObjectDifference(kind: string, old: Unstructured, changed: Unstructured): string {
  const inside = ({ metadata, spec, status }: Unstructured): object => ({
    ...orderedMetadata(metadata),
    Spec: internalObject(`${kind}Spec`, spec ?? {}),
    Status: internalObject(`${kind}Status`, status ?? {}),
  });
  return difference(inside(old), inside(changed));
}

function orderedMetadata(metadata: ObjectMeta): object {
  return Object.fromEntries(
    shownMetadataFields.flatMap((field) => (metadata[field] === undefined ? [] : [[field, metadata[field]]])),
  );
}

function difference(old: object, changed: object): string {
  const show = (value: object): string =>
    JSON.stringify(value, null, 1).replace(
      /[<>&\u2028\u2029]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  const [before, after] = [show(old), show(changed)];
  return before === after ? '' : unifiedDiff(before, after);
}
