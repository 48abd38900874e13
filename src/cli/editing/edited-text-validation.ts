import { type GroupVersionKind, parseGroupVersion } from '../../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { YamlError } from '../../apimachinery/yaml.ts';
import type { FieldValidation } from '../../resource/dry-run.ts';
import { headProblems } from '../../resource/object-head.ts';
import type { CommandContext } from '../command.ts';
import { valueOf, withoutCommentLines } from './edited-text.ts';

/**
 * What is wrong with an edited text before it is read as objects. Fields are left to the server, which names them when
 * the object is sent; those of a list are looked at here, as the server cannot be asked about a list.
 * @returns the problem; undefined for none
 */
export async function validateEditedText(
  text: string,
  validation: FieldValidation,
  context: CommandContext,
): Promise<string | undefined> {
  if (validation === 'Ignore') return undefined;
  let value: JsonValue;
  try {
    value = valueOf(withoutCommentLines(text));
  } catch (error) {
    if (error instanceof YamlError) return error.message;
    throw error;
  }
  const problems = headProblems(value);
  if (problems.length > 0 || !isJsonObject(value)) return aggregate(problems);
  const { group, version, kind } = gvkIn(value);
  if (group !== '' || version !== 'v1' || kind !== 'List' || validation !== 'Strict') return undefined;
  const { items } = value;
  if (!Array.isArray(items)) return 'invalid object to validate';
  const found: string[] = [];
  for (const item of items) {
    const ofHead = headProblems(item);
    if (ofHead.length > 0 || !isJsonObject(item)) found.push(...ofHead);
    else found.push(...(await fieldProblems(item, context)));
  }
  return aggregate(found);
}

/** Of an object whose head has no problems. */
function gvkIn({ apiVersion, kind }: JsonObject): GroupVersionKind {
  const text = typeof apiVersion === 'string' ? apiVersion : '';
  return { ...parseGroupVersion(text), kind: typeof kind === 'string' ? kind : '' };
}

/** Unknown fields, wrong types and missing fields of one object; none for a kind that the server does not publish. */
async function fieldProblems(object: JsonObject, context: CommandContext): Promise<readonly string[]> {
  const { group, version, kind } = gvkIn(object);
  const types = await (await context.cluster.openApi()).typesOf(group, version);
  const name = types?.nameOf(group, version, kind);
  if (types === undefined || name === undefined) return [];
  const { validateManifest } = await import('../../schema-cache/manifest-validator.ts');
  return (await validateManifest(types, name, kind, object)).map(({ message }) => message);
}

/** Several messages as Go's aggregated errors are shown. */
function aggregate(messages: readonly string[]): string | undefined {
  const all = [...new Set(messages)];
  if (all.length === 0) return undefined;
  return all.length === 1 ? all[0] : `[${all.join(', ')}]`;
}
