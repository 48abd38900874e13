import type { Column } from '../../../api/resource-definition.ts';
import { formatGroupVersion } from '../../../apimachinery/gvk.ts';
import type { ListMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import type { OutputFormat } from '../negotiation.ts';
import type { ApiResource } from './api-resource.ts';

/** Which part of each object travels with its row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a ' +
  'client to request the generation of an appropriate name automatically. Name is primarily intended for creation ' +
  'idempotence and configuration definition. Cannot be updated. More info: ' +
  'https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const createdDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed ' +
  'to be set in happens-before order across separate operations. Clients may not set this value. It is represented ' +
  'in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: ' +
  'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

/** Columns of a resource that says none. */
export const defaultColumns: readonly Column[] = [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: nameDescription,
    priority: 0,
    cell: (object) => object.metadata.name ?? '',
  },
  {
    name: 'Created At',
    type: 'date',
    format: '',
    description: createdDescription,
    priority: 0,
    cell: (object) => object.metadata.creationTimestamp ?? null,
  },
];

/** A meta.k8s.io Table of objects. @param withColumns false for later events of a watch, which leave them out. */
export function toTable(
  resource: ApiResource,
  objects: readonly Unstructured[],
  metadata: ListMeta,
  options: {
    readonly includeObject: IncludeObject;
    readonly version: string;
    readonly now: number;
    readonly withColumns?: boolean;
  },
): Record<string, unknown> {
  if (objects.length === 0 && hasNullRows(resource)) return { ...tableHead(resource, metadata, options), rows: null };
  return {
    ...tableHead(resource, metadata, options),
    rows: inOrder(resource, objects).map((object) => ({
      ...rowOf(resource, object, options.now),
      object: rowObject(resource, object, options.includeObject, options.version),
    })),
  };
}

/** Whether Go shows null where a Table has no rows: it begins lists of them only for resources with columns. */
export function hasNullRows({ definition }: ApiResource): boolean {
  return definition.columns === undefined;
}

/** A Table without its rows. */
export function tableHead(
  { definition }: ApiResource,
  metadata: ListMeta,
  { version, withColumns = true }: { readonly version: string; readonly withColumns?: boolean },
): Record<string, unknown> {
  const columns = definition.columns ?? defaultColumns;
  const shown = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    columnDefinitions: withColumns ? shown : null,
  };
}

/** A row of a Table without its object. */
export function rowOf({ definition }: ApiResource, object: Unstructured, now: number): Record<string, unknown> {
  const columns = definition.columns ?? defaultColumns;
  const cells = columns.map((column) => column.cell(object, now));
  if (definition.unlistedCells !== undefined) cells.push(...definition.unlistedCells(object, now));
  const conditions = definition.rowConditions?.(object) ?? [];
  return conditions.length === 0 ? { cells } : { cells, conditions };
}

function inOrder({ definition }: ApiResource, objects: readonly Unstructured[]): readonly Unstructured[] {
  if (definition.compareRows === undefined || objects.length < 2) return objects;
  return objects.toSorted(definition.compareRows.bind(definition));
}

function rowObject(resource: ApiResource, object: Unstructured, include: IncludeObject, version: string): unknown {
  if (include === 'None') return null;
  return include === 'Object' ? object : toPartialMetadata(resource, object, version);
}

/** An object's metadata alone, as PartialObjectMetadata. */
export function toPartialMetadata(
  { definition }: ApiResource,
  object: Unstructured,
  version = 'v1',
): Record<string, unknown> {
  const { annotations, ...rest } = object.metadata;
  const left = Object.entries(annotations ?? {}).filter(
    ([name]) => definition.versionAnnotations?.includes(name) !== true,
  );
  const metadata = left.length === 0 ? rest : { ...object.metadata, annotations: Object.fromEntries(left) };
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

/** Refuses a list form for one object and the other way round. @throws StatusError 406 */
export function checkTransform(resource: ApiResource, format: OutputFormat, isList: boolean): void {
  const { as } = format;
  if (as === 'PartialObjectMetadata' && isList) {
    throw notAcceptable(`you requested ${as}, but the requested object is a list (${goTypeOf(resource, true)})`);
  }
  if (as === 'PartialObjectMetadataList' && !isList) {
    throw notAcceptable(`you requested ${as}, but the requested object is not a list (${goTypeOf(resource, false)})`);
  }
}

/** `*core.ConfigMapList`: how messages of the real server call the internal type. */
function goTypeOf(resource: ApiResource, isList: boolean): string {
  const suffix = isList ? 'List' : '';
  if (resource.custom) return `*unstructured.Unstructured${suffix}`;
  return `*${internalPackage(resource.gvk.group)}.${resource.gvk.kind}${suffix}`;
}

/** Name of the Go package that holds a group's internal types. */
export function internalPackage(group: string): string {
  if (group === '' || group === 'events.k8s.io') return 'core';
  return group.split('.')[0] ?? group;
}

/** `ConfigMapList` in `v1`; what a definition says of its own. */
export function listKindOf(resource: ApiResource): { readonly kind: string; readonly apiVersion: string } {
  const { group, version, kind } = resource.gvk;
  return { kind: resource.customType?.listKind ?? `${kind}List`, apiVersion: formatGroupVersion({ group, version }) };
}

function notAcceptable(message: string): StatusError {
  return new StatusError({ message, reason: 'NotAcceptable', code: 406 });
}
