import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { applySchemaDefaults } from '../../../apimachinery/decoding/schema-defaults.ts';
import type { ApiResource } from './api-resource.ts';

/**
 * What a create of a resource drops when its strategy says nothing: the status, where that is a subresource of its own.
 */
export function defaultPrepareForCreate(resource: ApiResource, object: Unstructured): void {
  if (!hasStatus(resource)) return;
  delete object['status'];
  const empty: JsonObject = {};
  applySchemaDefaults(empty, resource.definition.type, resource.types);
  if (empty['status'] !== undefined) object['status'] = empty['status'];
}

/**
 * What an update of a resource (or of one of its subresources) may change when its strategy says nothing: the object
 * keeps its status, a subresource changes its own part and nothing else.
 */
export function defaultPrepareForUpdate(
  resource: ApiResource,
  object: Unstructured,
  old: Unstructured,
  subresource: string,
): void {
  if (subresource === '') {
    if (hasStatus(resource)) copyField(object, old, 'status');
    return;
  }
  const changed =
    subresource === 'status' ? { status: object['status'] ?? null } : changedPart(object, old, subresource);
  if (changed === undefined) return;
  for (const key of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (key === 'metadata') continue;
    if (Object.hasOwn(changed, key)) object[key] = changed[key];
    else copyField(object, old, key);
  }
}

/** The fields that a subresource writes, as they become; undefined when it may write all. */
function changedPart(
  object: Unstructured,
  old: Unstructured,
  subresource: string,
): Record<string, unknown> | undefined {
  const spec = isJsonObject(object['spec']) ? object['spec'] : {};
  const oldSpec = isJsonObject(old['spec']) ? cloneJson(old['spec']) : {};
  switch (subresource) {
    case 'finalize':
      return { spec: withField(oldSpec, 'finalizers', spec['finalizers']) };
    case 'ephemeralcontainers':
      return { spec: withField(oldSpec, 'ephemeralContainers', spec['ephemeralContainers']) };
    case 'resize':
      return {
        spec: {
          ...oldSpec,
          ...resized(oldSpec, spec, 'containers'),
          ...resized(oldSpec, spec, 'initContainers'),
          ...(spec['resources'] === undefined ? {} : { resources: spec['resources'] }),
        },
      };
    case 'approval': {
      const status = isJsonObject(object['status']) ? object['status'] : {};
      const oldStatus = isJsonObject(old['status']) ? cloneJson(old['status']) : {};
      return { status: withField(oldStatus, 'conditions', status['conditions']) };
    }
    default:
      return undefined;
  }
}

function withField(target: JsonObject, field: string, value: JsonValue | undefined): JsonObject {
  const result = { ...target };
  if (value === undefined) delete result[field];
  else result[field] = value;
  return result;
}

/** Old containers with the resources and resize policies of the new ones of the same name. */
function resized(oldSpec: JsonObject, spec: JsonObject, field: string): JsonObject {
  const oldContainers = oldSpec[field];
  const containers = spec[field];
  if (!Array.isArray(oldContainers) || !Array.isArray(containers)) return {};
  return {
    [field]: oldContainers.map((old) => {
      if (!isJsonObject(old)) return old;
      const wanted = containers.find((item) => isJsonObject(item) && item['name'] === old['name']);
      if (!isJsonObject(wanted)) return old;
      return withField(withField(old, 'resources', wanted['resources']), 'resizePolicy', wanted['resizePolicy']);
    }),
  };
}

function copyField(object: Unstructured, old: Unstructured, key: string): void {
  if (old[key] === undefined) delete object[key];
  else object[key] = cloneJson(old[key]);
}

function hasStatus(resource: ApiResource): boolean {
  return resource.definition.subresources.some(({ name }) => name === 'status');
}
