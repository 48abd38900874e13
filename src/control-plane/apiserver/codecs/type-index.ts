import { builtInTypes, listType } from '../../../api/registry.ts';
import type { TypeDefinition } from '../../../api/resource-definition.ts';
import { formatGroupVersion } from '../../../apimachinery/gvk.ts';
import type { Schema, SchemaSource } from '../../../apimachinery/schema.ts';

/** The package of the types that all groups share. */
export const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Kinds that answers have and no resource: read and written under any group. */
const metaKinds: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'DeleteOptions',
  'Status',
]);

/** Metadata alone, and lists of it, in one version of its group. */
function partialObjectTypes(version: string): TypeDefinition[] {
  const partialObject: TypeDefinition = {
    name: `io.k8s.apimachinery.pkg.apis.meta.${version}.PartialObjectMetadata`,
    schema: { type: 'object', properties: { metadata: { ref: `${metaPackage}.ObjectMeta`, default: {} } } },
    gvks: [{ group: 'meta.k8s.io', version, kind: 'PartialObjectMetadata' }],
  };
  return [partialObject, ...partialObject.gvks.map((gvk) => listType(partialObject.name, gvk))];
}

const string = { type: 'string' } as const;
const strings = { type: 'array', items: string } as const;
const groupVersionKind: TypeDefinition = {
  name: `${metaPackage}.GroupVersionKind`,
  schema: { type: 'object', properties: { group: string, version: string, kind: string } },
  gvks: [],
};

/** The types of aggregated discovery in one version of its group (KEP-3352). */
function discoveryTypes(version: string): TypeDefinition[] {
  const nameOf = (kind: string): string => `io.k8s.api.apidiscovery.${version}.${kind}`;
  const listOf = (kind: string): Schema => ({ type: 'array', items: { ref: nameOf(kind) } });
  const type = (kind: string, properties: Record<string, Schema>, isKind = false): TypeDefinition => ({
    name: nameOf(kind),
    schema: { type: 'object', properties },
    gvks: isKind ? [{ group: 'apidiscovery.k8s.io', version, kind }] : [],
  });
  const responseKind = { ref: groupVersionKind.name };
  const group = type(
    'APIGroupDiscovery',
    { metadata: { ref: `${metaPackage}.ObjectMeta` }, versions: listOf('APIVersionDiscovery') },
    true,
  );
  return [
    group,
    ...group.gvks.map((gvk) => listType(group.name, gvk)),
    type('APIVersionDiscovery', {
      version: string,
      resources: listOf('APIResourceDiscovery'),
      freshness: string,
    }),
    type('APIResourceDiscovery', {
      resource: string,
      responseKind,
      scope: string,
      singularResource: string,
      verbs: strings,
      shortNames: strings,
      categories: strings,
      subresources: listOf('APISubresourceDiscovery'),
    }),
    type('APISubresourceDiscovery', {
      subresource: string,
      responseKind,
      acceptedTypes: { type: 'array', items: responseKind },
      verbs: strings,
    }),
  ];
}

/** The types that answers have beside those of the API. */
const transformedTypes: ReadonlyMap<string, TypeDefinition> = new Map(
  [
    ...partialObjectTypes('v1'),
    ...partialObjectTypes('v1beta1'),
    groupVersionKind,
    ...discoveryTypes('v2'),
    ...discoveryTypes('v2beta1'),
  ].map((type) => [type.name, type]),
);

/** The types of bodies and answers: which one a kind has, and their schemas. */
export interface TypeIndex {
  /** Full name of the built-in type that bodies and answers of a kind have; undefined for custom resources. */
  readonly typeOfKind: (apiVersion: string, kind: string) => string | undefined;
  readonly schemas: SchemaSource;
}

/** An index of built-in types, those of the machinery included; made on first use. */
export function typeIndexOf(types: () => ReadonlyMap<string, TypeDefinition>): TypeIndex {
  let names: ReadonlyMap<string, string> | undefined;
  return {
    typeOfKind(apiVersion, kind) {
      names ??= namesByKind([...types().values(), ...transformedTypes.values()]);
      if (metaKinds.has(kind)) return `${metaPackage}.${kind}`;
      return names.get(`${apiVersion}/${kind}`);
    },
    schemas: { lookup: (name) => (transformedTypes.get(name) ?? types().get(name))?.schema },
  };
}

/** The types that every server has. */
export const builtInTypeIndex = typeIndexOf(builtInTypes);

function namesByKind(types: readonly TypeDefinition[]): ReadonlyMap<string, string> {
  const byKind = new Map<string, string>();
  for (const { name, gvks } of types)
    for (const gvk of gvks) byKind.set(`${formatGroupVersion(gvk)}/${gvk.kind}`, name);
  return byKind;
}
