import { builtInSchemas } from '../../../api/registry.ts';
import { TypedDecodeError } from '../../../apimachinery/decoding/typed-decode-error.ts';
import { decodeTyped } from '../../../apimachinery/decoding/typed-decoder.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { formatGroupVersion, type GroupVersionKind } from '../../../apimachinery/gvk.ts';
import type { JsonValue } from '../../../apimachinery/json.ts';
import type { SchemaSource } from '../../../apimachinery/schema.ts';
import { metaPackage } from '../codecs/type-index.ts';
import type { ResourceRegistry } from '../registry/api-resource.ts';
import { internalPackage } from '../registry/table.ts';
import { isUnservedKind } from '../registry/unserved-kinds.ts';

/** Why a document of one kind cannot be taken for another. */
interface OtherKind {
  readonly message: string;
  /** Whether the document is a good one of its kind, which only cannot be turned into the other. */
  readonly isConversion: boolean;
}

/**
 * What is wrong with a document of another kind than was meant: that nobody knows its kind, that it is none of its own
 * kind either (which is read first), or that the one is not made into the other.
 */
export function otherKindText(
  value: JsonValue,
  stated: GroupVersionKind,
  expected: GroupVersionKind,
  registry: ResourceRegistry,
): OtherKind {
  const found = typeOf(stated, registry);
  if (found === undefined) {
    const isKnown = isUnservedKind(stated) || isSchemeKind(stated, registry);
    return isKnown
      ? { message: unknownConversionText(stated, expected), isConversion: true }
      : { message: unregisteredKindText(stated, expected), isConversion: false };
  }
  try {
    decodeTyped(value, found.type, found.types);
  } catch (error) {
    if (error instanceof TypedDecodeError) return { message: error.message, isConversion: false };
    throw error;
  }
  return { message: unknownConversionText(stated, expected), isConversion: true };
}

/** The type of a kind, as far as there is one here. */
function typeOf(
  { group, version, kind }: GroupVersionKind,
  registry: ResourceRegistry,
): { readonly type: string; readonly types: SchemaSource } | undefined {
  const known = registry.findKind(group, version, kind);
  if (known !== undefined) return known.custom ? undefined : { type: known.definition.type, types: known.types };
  if (!isSchemeKind({ group, version, kind }, registry)) return undefined;
  const one = kind.endsWith('List') ? registry.findKind(group, version, kind.slice(0, -'List'.length)) : undefined;
  const type = one === undefined ? `${metaPackage}.${kind}` : `${one.definition.type}List`;
  return builtInSchemas.lookup(type) === undefined ? undefined : { type, types: builtInSchemas };
}

/** Whether the real server has a type of this kind although no resource is of it: lists, options, answers. */
function isSchemeKind({ group, version, kind }: GroupVersionKind, registry: ResourceRegistry): boolean {
  if (unversionedKinds.has(kind)) return true;
  if (group === '' && version === 'v1' && kind === 'List') return true;
  if (optionKinds.has(kind)) return registry.hasGroupVersion(group, version);
  if (!kind.endsWith('List')) return false;
  const one = registry.findKind(group, version, kind.slice(0, -'List'.length));
  return one !== undefined && !one.custom;
}

/** Kinds that are the same in every version of every group, known or not. */
const unversionedKinds: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'Status',
]);
const optionKinds: ReadonlySet<string> = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);

/** What the real server says of a kind that no resource has. */
function unregisteredKindText(gvk: GroupVersionKind, expected: GroupVersionKind): string {
  const scheme = goQuote(schemeOf(expected.group));
  return `no kind ${goQuote(gvk.kind)} is registered for version ${goQuote(formatGroupVersion(gvk))} in scheme ${scheme}`;
}

/** What the real server says of a kind that another was meant to be. */
function unknownConversionText(gvk: GroupVersionKind, expected: GroupVersionKind): string {
  const to = `${internalPackage(expected.group)}.${expected.kind}`;
  const version = unversionedKinds.has(gvk.kind) ? 'v1' : gvk.version;
  return `converting (${version}.${gvk.kind}) to (${to}): unknown conversion`;
}

/** The source line by which the real server names its scheme in messages. */
function schemeOf(group: string): string {
  if (group === 'apiregistration.k8s.io') return 'pkg/apiserver/scheme/scheme.go:28';
  if (group === 'apiextensions.k8s.io') return 'pkg/apiserver/apiserver.go:55';
  return 'pkg/api/legacyscheme/scheme.go:30';
}
