import type { TypeProvider } from '../../../cel/checker.ts';
import { type CelType, listType, mapType, structType, types } from '../../../cel/types.ts';

const { string, timestamp, int, bool, dyn } = types;
const texts = listType(string);

/** The type of the variable `request`. */
export const requestType = structType('kubernetes.AdmissionRequest');
/** The type of the variable `namespaceObject`. */
export const namespaceType = structType('kubernetes.Namespace');
/** The type of the variable `variables`. */
export const variablesType = structType('kubernetes.variables');
/** What an apply configuration must be. */
export const patchObjectType = structType('Object');
/** One operation of a JSON patch. */
export const jsonPatchType = structType('JSONPatch');

function named(...names: string[]): Record<string, CelType> {
  return Object.fromEntries(names.map((name) => [name, string]));
}

const kindType = structType('kubernetes.GroupVersionKind');
const resourceType = structType('kubernetes.GroupVersionResource');

/** The fields that expressions see of requests and namespaces (apiserver's admission/plugin/cel/compile.go). */
const structs: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  'kubernetes.GroupVersionKind': named('group', 'version', 'kind'),
  'kubernetes.GroupVersionResource': named('group', 'version', 'resource'),
  'kubernetes.UserInfo': { ...named('username', 'uid'), groups: texts, extra: mapType(string, texts) },
  'kubernetes.AdmissionRequest': {
    kind: kindType,
    resource: resourceType,
    requestKind: kindType,
    requestResource: resourceType,
    ...named('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
    userInfo: structType('kubernetes.UserInfo'),
    dryRun: bool,
    options: dyn,
  },
  'kubernetes.Namespace': {
    metadata: structType('kubernetes.NamespaceMetadata'),
    spec: structType('kubernetes.NamespaceSpec'),
    status: structType('kubernetes.NamespaceStatus'),
  },
  'kubernetes.NamespaceMetadata': {
    ...named('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapType(string, string),
    annotations: mapType(string, string),
    creationTimestamp: timestamp,
    deletionTimestamp: timestamp,
    deletionGracePeriodSeconds: int,
    generation: int,
    finalizers: texts,
  },
  'kubernetes.NamespaceSpec': { finalizers: texts },
  'kubernetes.NamespaceStatus': { conditions: listType(structType('kubernetes.NamespaceCondition')), phase: string },
  'kubernetes.NamespaceCondition': {
    ...named('status', 'type', 'message', 'reason'),
    lastTransitionTime: timestamp,
  },
};

const jsonPatchFields: Readonly<Record<string, CelType>> = { op: string, from: string, path: string, value: dyn };

/** @param variables the types of the composed variables that are known so far; undefined where there are none */
export function policyTypeProvider(
  variables: ReadonlyMap<string, CelType> | undefined,
  hasPatchTypes: boolean,
): TypeProvider {
  return {
    hasType(name) {
      if (name === variablesType.name) return variables !== undefined;
      return Object.hasOwn(structs, name) || (hasPatchTypes && isPatchType(name));
    },
    fieldType(name, field) {
      if (name === variablesType.name) return variables?.get(field);
      if (hasPatchTypes && name === jsonPatchType.name) return fieldOf(jsonPatchFields, field);
      if (hasPatchTypes && isPatchType(name)) return dyn;
      return fieldOf(structs[name] ?? {}, field);
    },
  };
}

/** `Object`, with all that is inside it, and `JSONPatch`. */
function isPatchType(name: string): boolean {
  return name === jsonPatchType.name || name === patchObjectType.name || name.startsWith(`${patchObjectType.name}.`);
}

function fieldOf(fields: Readonly<Record<string, CelType>>, field: string): CelType | undefined {
  return Object.hasOwn(fields, field) ? fields[field] : undefined;
}

/** What other expressions get to know of a variable's type: nothing of objects. */
export function composedType(type: CelType): CelType {
  const parameters = type.parameters.map(composedType);
  const [first = dyn, second = dyn] = parameters;
  switch (type.kind) {
    case 'list':
      return listType(first);
    case 'map':
      return mapType(first, second);
    case 'struct':
    case 'opaque':
    case 'type':
    case 'typeParam':
    case 'error':
      return dyn;
    default:
      return type;
  }
}
