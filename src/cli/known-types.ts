import { formatGroupVersion, gvkOf } from '../apimachinery/gvk.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import type { Schema } from '../apimachinery/schema.ts';
import { TransportError } from '../client/transport-error.ts';
import { type CommandContext, CommandError } from './command.ts';

/** The scheme of this program's types, as messages name it. */
export const kubectlScheme = 'pkg/scheme/scheme.go:28';

/** The type of a kind, among those it refers to. */
export interface KnownType {
  readonly types: OpenApiTypes;
  /** `io.k8s.api.apps.v1.Deployment`. */
  readonly name: string;
  readonly schema: Schema | undefined;
}

/**
 * The type of an object that this program knows itself or, where it was built without its own types, the server
 * publishes. Undefined for other kinds, custom ones above all.
 */
export async function knownTypeOf(object: object, context: CommandContext): Promise<KnownType | undefined> {
  const { group, version, kind } = gvkOf(object);
  const types = await typesOf(group, version, context);
  const name = types?.nameOf(group, version, kind);
  if (types !== undefined && name !== undefined) return { types, name, schema: types.lookup(name) };
  // Kinds of subresources stand with the resources that have them, and those for all groups with the first one.
  const core = group === '' || context.bundledApi === undefined ? undefined : await typesOf('', 'v1', context);
  const coreName = core?.nameOf(group, version, kind);
  return core === undefined || coreName === undefined
    ? undefined
    : { types: core, name: coreName, schema: core.lookup(coreName) };
}

/** The types among which that of a kind would stand; a list of objects of any kind is at home with the first group. */
export async function typesAround(
  head: { readonly apiVersion: string; readonly kind: string },
  context: CommandContext,
): Promise<OpenApiTypes | undefined> {
  if (head.kind === 'List' && head.apiVersion === 'v1') return typesOf('', 'v1', context);
  return (await knownTypeOf(head, context))?.types;
}

async function typesOf(group: string, version: string, context: CommandContext): Promise<OpenApiTypes | undefined> {
  const { bundledApi } = context;
  if (bundledApi !== undefined) return (await bundledApi()).openApi.typesOf(group, version);
  try {
    return await (await context.cluster.openApi()).typesOf(group, version);
  } catch (error) {
    if (error instanceof TransportError) return undefined;
    throw error;
  }
}

/** As knownTypeOf. @throws CommandError for a kind that is not known, in the words of the real program */
export async function requireKnownType(object: object, context: CommandContext): Promise<KnownType> {
  const known = await knownTypeOf(object, context);
  if (known !== undefined) return known;
  const { group, version, kind } = gvkOf(object);
  throw new CommandError(
    `no kind "${kind}" is registered for version "${formatGroupVersion({ group, version })}" in scheme "${kubectlScheme}"`,
  );
}
