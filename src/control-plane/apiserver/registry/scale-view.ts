import { ageColumn } from '../../../api/columns.ts';
import type { Column, ResourceDefinition } from '../../../api/resource-definition.ts';
import { FieldPath, invalid, invalidObject } from '../../../apimachinery/field-error.ts';
import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { formatLabelSelector, selectorFromObject, type ObjectLabelSelector } from '../../../apimachinery/labels.ts';
import type { ObjectMeta, Unstructured } from '../../../apimachinery/object-meta.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import { badRequest, conflict, internalError, StatusError } from '../../../apimachinery/status.ts';
import type { SubresourceView } from '../endpoints/subresource-view.ts';
import { apiResource, type ApiResource, type ScalePaths } from './api-resource.ts';
import { NestedTypeError, nestedValue, stepsOfPath } from './nested-value.ts';
import { defaultColumns } from './table.ts';

const [nameColumn, createdColumn] = defaultColumns;

const scaleColumns: readonly Column[] = [
  ...(nameColumn === undefined ? [] : [{ ...nameColumn, format: '' }]),
  {
    name: 'Desired',
    type: 'integer',
    format: '',
    description: 'replicas is the desired number of instances for the scaled object.',
    priority: 0,
    cell: (object) => numberAt(object['spec'], 'replicas'),
  },
  {
    name: 'Available',
    type: 'integer',
    format: '',
    description: 'replicas is the actual number of observed instances of the scaled object.',
    priority: 0,
    cell: (object) => numberAt(object['status'], 'replicas'),
  },
];

/** The same of custom resources: columns that are read by their paths, so a number that is left out is none. */
const customScaleColumns: readonly Column[] = [
  ...(nameColumn === undefined ? [] : [{ ...nameColumn, format: 'name' }]),
  {
    name: 'Desired',
    type: 'integer',
    format: '',
    description: 'Number of desired replicas',
    priority: 0,
    cell: (object) => numberAt(object['spec'], 'replicas') || null,
  },
  {
    name: 'Available',
    type: 'integer',
    format: '',
    description: 'Number of actual replicas',
    priority: 0,
    cell: (object) => numberAt(object['status'], 'replicas'),
  },
  { ...ageColumn, type: 'date', description: createdColumn?.description ?? '' },
];

const scaleDefinition: ResourceDefinition = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  resource: 'scales',
  singular: 'scale',
  shortNames: [],
  categories: [],
  namespaced: true,
  verbs: ['get', 'patch', 'update'],
  subresources: [],
  type: 'io.k8s.api.autoscaling.v1.Scale',
};

/** autoscaling/v1 Scale of a workload: spec.replicas, status.replicas and the selector, or what a definition names. */
export function scaleViewOf(parent: ApiResource, types: SchemaSource): SubresourceView {
  // The parent's column has its description at hand.
  const age = parent.custom ? undefined : parent.definition.columns?.find(({ name }) => name === ageColumn.name);
  const columns = parent.custom ? customScaleColumns : [...scaleColumns, age ?? ageColumn];
  const resource = apiResource({ ...scaleDefinition, columns }, types);
  return {
    resource,
    project: (object, isChanged = false) => projectScale(object, parent.scalePaths, isChanged),
    merge: (object, view) => mergeScale(parent, resource, object, view),
    appliesNowhere: parent.custom,
    field: {
      apiVersion: parent.apiVersion,
      path: stepsOfPath(parent.scalePaths?.specReplicasPath ?? '.spec.replicas'),
      viewApiVersion: resource.apiVersion,
      viewPath: ['spec', 'replicas'],
    },
  };
}

function projectScale(object: Unstructured, paths: ScalePaths | undefined, isChanged: boolean): Unstructured {
  if (paths !== undefined) return projectCustomScale(object, paths, isChanged);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = numberAt(object['spec'], 'replicas');
  const selector = selectorText(isJsonObject(object['spec']) ? object['spec']['selector'] : undefined);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: withoutUndefined({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: replicas === 0 ? {} : { replicas },
    status: {
      replicas: numberAt(object['status'], 'replicas'),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

function mergeScale(parent: ApiResource, scale: ApiResource, object: Unstructured, view: Unstructured): Unstructured {
  const replicas = numberAt(view['spec'], 'replicas');
  const name = object.metadata.name ?? '';
  if (parent.scalePaths !== undefined && replicas === unsetReplicas) {
    throw badRequest(`the spec replicas field ${JSON.stringify(parent.scalePaths.specReplicasPath)} cannot be empty`);
  }
  // Of a custom resource its own strategy tells.
  if (replicas < 0 && parent.scalePaths === undefined) {
    const path = new FieldPath('spec').child('replicas');
    throw invalidObject(scale.gvk, name, [invalid(path, replicas, 'must be greater than or equal to 0')]);
  }
  const { uid, resourceVersion } = view.metadata;
  if (parent.scalePaths === undefined && uid !== undefined && uid !== '' && uid !== object.metadata.uid) {
    const { group, resource } = parent.groupResource;
    const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid ?? ''}`;
    throw conflict({ group, resource: `${resource}/scale` }, name, text);
  }
  const merged = cloneJson(object);
  if (resourceVersion !== undefined && resourceVersion !== '') merged.metadata.resourceVersion = resourceVersion;
  return setAt(merged, parent.scalePaths?.specReplicasPath ?? '.spec.replicas', replicas);
}

/** Stands for replicas that an object does not have yet, while its scale is patched. */
const unsetReplicas = -(2 ** 31);

/** The scale of a custom resource. @throws StatusError 500 when the object has no replicas to show, or what is none */
function projectCustomScale(object: Unstructured, paths: ScalePaths, isChanged: boolean): Unstructured {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const found = valueAt(object, paths.specReplicasPath, 'int64');
  const current = valueAt(object, paths.statusReplicasPath, 'int64');
  const selector = paths.labelSelectorPath === undefined ? '' : valueAt(object, paths.labelSelectorPath, 'string');
  const replicas = found ?? (isChanged ? unsetReplicas : undefined);
  if (replicas === undefined) {
    throw internalError(`the spec replicas field ${JSON.stringify(paths.specReplicasPath)} does not exist`);
  }
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: withoutUndefined({ name, namespace, uid, resourceVersion, creationTimestamp }),
    spec: replicas === 0 ? {} : { replicas: Number(replicas) },
    status: {
      replicas: Number(current ?? 0),
      ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
    },
  };
}

function valueAt(object: Unstructured, path: string, type: 'int64' | 'string'): JsonValue | undefined {
  try {
    return nestedValue(object as unknown as JsonObject, path, type);
  } catch (error) {
    if (!(error instanceof NestedTypeError)) throw error;
    throw new StatusError({ message: error.message, code: 500 });
  }
}

/** The object with a value at a path; what is missing on the way is made. */
function setAt<T extends object>(object: T, path: string, value: JsonValue): T {
  const [first = '', ...rest] = stepsOfPath(path);
  const inside = (object as Record<string, unknown>)[first];
  const changed = rest.length === 0 ? value : setAt(isJsonObject(inside) ? inside : {}, rest.join('.'), value);
  return { ...object, [first]: changed };
}

function numberAt(value: unknown, field: string): number {
  const found = isJsonObject(value) ? value[field] : undefined;
  return typeof found === 'number' ? found : 0;
}

/** The selector as text: a plain map (replication controllers) or a metav1.LabelSelector. */
function selectorText(selector: JsonValue | undefined): string {
  if (!isJsonObject(selector)) return '';
  const isStructured = isJsonObject(selector['matchLabels']) || Array.isArray(selector['matchExpressions']);
  const structured: unknown = isStructured ? selector : { matchLabels: selector };
  return formatLabelSelector(selectorFromObject(structured as ObjectLabelSelector) ?? []);
}

function withoutUndefined(meta: { readonly [K in keyof ObjectMeta]: ObjectMeta[K] | undefined }): ObjectMeta {
  return Object.fromEntries(Object.entries(meta).filter(([, value]) => value !== undefined));
}
