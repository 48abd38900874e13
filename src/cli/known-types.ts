import { formatGroupVersion, gvkOf } from '../apimachinery/gvk.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import type { Schema } from '../apimachinery/schema.ts';
import { TransportError } from '../client/transport-error.ts';
import { type CommandContext, CommandError } from './command.ts';

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
  if (types === undefined || name === undefined) return undefined;
  return { types, name, schema: types.lookup(name) };
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
    `no kind "${kind}" is registered for version "${formatGroupVersion({ group, version })}" in scheme "pkg/scheme/scheme.go:28"`,
  );
}
