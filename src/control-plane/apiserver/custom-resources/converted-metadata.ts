import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import { aggregateMessages, FieldPath, formatFieldError } from '../../../apimachinery/field-error.ts';
import { cloneJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';

/** What a webhook may not do to metadata; the message is as the real server words it. */
export class ConvertedMetadataError extends Error {}

/** What must be the same before and after a conversion; undefined when it is. */
export function identityProblem(before: JsonObject, after: JsonObject): string | undefined {
  if (before['kind'] !== after['kind']) return differ('kind', text(before['kind']), text(after['kind']));
  const [old, now] = [before['metadata'], after['metadata']];
  for (const [field, name] of identities) {
    const [wanted, found] = [fieldOf(old, field), fieldOf(now, field)];
    if (wanted !== found) return differ(name, wanted, found);
  }
  return undefined;
}

const identities = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

function differ(what: string, wanted: string, found: string): string {
  return `must have the same ${what}: ${wanted} != ${found}`;
}

/**
 * Gives a converted object the metadata that it had before, but for its labels and annotations: those are the only ones
 * that a webhook may change.
 * @throws ConvertedMetadataError
 */
export function restoreMetadata(before: JsonObject, after: JsonObject): void {
  const given = after['metadata'];
  if (given === undefined) throw new ConvertedMetadataError('missing metadata in converted object');
  if (!isJsonObject(given)) {
    throw new ConvertedMetadataError(`invalid metadata of type ${goTypeOf(given)} in converted object`);
  }
  const old = isJsonObject(before['metadata']) ? before['metadata'] : {};
  const restored = cloneJson(old);
  after['metadata'] = restored;
  for (const field of ['labels', 'annotations'] as const) {
    const value = given[field];
    if (value === undefined || value === null) {
      delete restored[field];
      continue;
    }
    if (!isJsonObject(value)) {
      throw new ConvertedMetadataError(`invalid metadata.${field} of type ${goTypeOf(value)} in converted object`);
    }
    checkTexts(field, value, restored[field]);
    restored[field] = value;
  }
}

function checkTexts(field: 'labels' | 'annotations', value: JsonObject, old: JsonValue | undefined): void {
  const texts: Record<string, string> = {};
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') {
      const found = goTypeOf(item);
      throw new ConvertedMetadataError(
        `metadata.${field}[${key}] must be a string, but is ${found} in converted object`,
      );
    }
    texts[key] = item;
  }
  const before = isJsonObject(old) ? old : {};
  const isSame =
    Object.keys(before).length === Object.keys(texts).length &&
    Object.entries(texts).every(([key, item]) => before[key] === item);
  if (isSame) return;
  const metadata = new FieldPath('metadata');
  const problems =
    field === 'labels'
      ? validateLabels(texts, metadata.child('labels'))
      : validateAnnotations(texts, metadata.child('annotation'));
  if (problems.length > 0) throw new ConvertedMetadataError(aggregateMessages(problems.map(formatFieldError)));
}

function fieldOf(metadata: JsonValue | undefined, field: string): string {
  return isJsonObject(metadata) ? text(metadata[field]) : '';
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The type that Go's JSON gives a value. */
function goTypeOf(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'int64';
  if (typeof value === 'number') return 'float64';
  return isJsonObject(value) ? 'map[string]interface {}' : '[]interface {}';
}
