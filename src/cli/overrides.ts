import { messageOf } from '../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { typedShape } from '../generators/typed-shapes.ts';
import { withZeroValues } from '../generators/zero-values.ts';
import type { JsonPatchOperation } from '../patch/json-patch.ts';
import { type CommandContext, CommandError, type FlagDefinition, type FlagValues } from './command.ts';
import { requireKnownType } from './known-types.ts';

/** --overrides and --override-type. */
export const overrideFlags: readonly FlagDefinition[] = [
  {
    name: 'override-type',
    type: 'string',
    default: 'merge',
    description: 'How --overrides changes the object: json, merge, or strategic.',
  },
  {
    name: 'overrides',
    type: 'string',
    default: '',
    description:
      'JSON that changes the object that was made, before it is sent; in the form that --override-type says.',
  },
];

/** What the flags ask to be changed in an object that the command makes. */
export interface Overrides {
  /** JSON; empty for nothing. */
  readonly text: string;
  readonly type: string;
}

/** Reads --overrides and --override-type. */
export function overridesOf(flags: FlagValues): Overrides {
  return { text: flags.string('overrides'), type: flags.string('override-type') };
}

/**
 * Changes an object of a command's own making as --overrides asks, and brings it back to its type: fields that the type
 * does not have are dropped. @throws CommandError
 */
export async function override(
  object: Unstructured,
  overrides: Overrides,
  context: CommandContext,
): Promise<Unstructured> {
  const { text, type } = overrides;
  if (text === '') return object;
  const target = parseJson(stringifyJson(object));
  const patched = await patch(target, object, text, type === '' ? 'merge' : type, context);
  return asTyped(patched, context);
}

async function patch(
  target: JsonValue,
  object: Unstructured,
  text: string,
  type: string,
  context: CommandContext,
): Promise<JsonValue> {
  switch (type) {
    case 'json': {
      const { applyJsonPatch, JsonPatchError } = await import('../patch/json-patch.ts');
      const operations = read(text) as unknown;
      if (!Array.isArray(operations)) {
        throw new CommandError(`json: cannot unmarshal ${goTypeOf(operations)} into Go value of type jsonpatch.Patch`);
      }
      const stray = operations.findIndex((operation) => !isJsonObject(operation));
      if (stray >= 0) {
        const found = goTypeOf(operations[stray]);
        throw new CommandError(`json: cannot unmarshal ${found} into Patch.${stray} of type jsonpatch.Operation`);
      }
      try {
        return applyJsonPatch(target, operations as JsonPatchOperation[], { as: 'kubectl' });
      } catch (error) {
        if (error instanceof JsonPatchError) throw new CommandError(error.message);
        throw error;
      }
    }
    case 'merge': {
      const { applyJsonMergePatch } = await import('../patch/json-merge-patch.ts');
      const change = read(text, 'Invalid JSON Patch');
      // A list takes the place of everything.
      if (Array.isArray(change)) return change;
      if (!isJsonObject(change)) throw new CommandError('Invalid JSON Patch');
      return applyJsonMergePatch(target, change);
    }
    case 'strategic': {
      const { applyStrategicMergePatch, StrategicMergePatchError } = await import('../patch/strategic-merge-patch.ts');
      const change = read(text, 'invalid JSON document');
      if (!isJsonObject(change) || !isJsonObject(target)) throw new CommandError('invalid JSON document');
      const { types, schema } = await requireKnownType(object, context);
      try {
        return applyStrategicMergePatch(target, change, schema, types);
      } catch (error) {
        if (error instanceof StrategicMergePatchError) throw new CommandError(error.message);
        throw error;
      }
    }
    default:
      throw new CommandError(`invalid override type: ${type}`);
  }
}

/** What Go's JSON reader calls a value. */
function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function read(text: string, problem?: string): JsonValue {
  try {
    return parseJson(text);
  } catch (error) {
    throw new CommandError(problem ?? messageOf(error));
  }
}

/** @throws CommandError for fields of a wrong type */
async function asTyped(value: JsonValue, context: CommandContext): Promise<Unstructured> {
  requireTypeMeta(value);
  const { types, name } = await requireKnownType(value, context);
  const [{ decodeTyped }, { TypedDecodeError }] = await Promise.all([
    import('../apimachinery/decoding/typed-decoder.ts'),
    import('../apimachinery/decoding/typed-decode-error.ts'),
  ]);
  try {
    const { object } = decodeTyped(value, name, types);
    return typedShape(withZeroValues(object, name, types) as unknown as Unstructured);
  } catch (error) {
    if (error instanceof TypedDecodeError) throw new CommandError(error.message);
    throw error;
  }
}

/** @throws CommandError for what has no kind and version that could be read */
function requireTypeMeta(value: JsonValue): asserts value is JsonObject {
  const problem = (text: string): CommandError =>
    new CommandError(`couldn't get version/kind; json parse error: json: cannot unmarshal ${text}`);
  if (!isJsonObject(value)) {
    const struct =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw problem(`${goTypeOf(value)} into Go value of type ${struct}`);
  }
  for (const field of ['apiVersion', 'kind']) {
    const text = value[field] ?? '';
    if (typeof text !== 'string') throw problem(`${goTypeOf(text)} into Go struct field .${field} of type string`);
  }
}
