import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { goText } from '../printers/go-format.ts';
import type { DescribeText } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

const shownElsewhere = new Set([
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]);

/** Any kind: its fields as a tree, under labels a person reads more easily. */
export const describeGeneric: Describer = async (object, text, context) => {
  const { name = '', namespace = '', labels, annotations } = object.metadata;
  text.line(0, `Name:\t${name}`);
  text.line(0, `Namespace:\t${namespace}`);
  text.labels('Labels', labels);
  text.annotations('Annotations', annotations);
  writeFields(object as unknown as JsonObject, '', 0, text);
  await describeEvents(object, text, context);
};

function writeFields(object: JsonObject, path: string, level: number, text: DescribeText): void {
  for (const field of Object.keys(object).toSorted()) {
    const fieldPath = `${path}.${field}`;
    if (shownElsewhere.has(fieldPath)) continue;
    writeField(fieldLabel(field), object[field] ?? null, fieldPath, level, text);
  }
}

function writeField(label: string, value: JsonValue, path: string, level: number, text: DescribeText): void {
  if (isJsonObject(value)) {
    text.line(level, `${label}:`);
    writeFields(value, path, level + 1, text);
  } else if (Array.isArray(value)) {
    text.line(level, `${label}:`);
    for (const item of value) {
      if (isJsonObject(item)) writeFields(item, path, level + 1, text);
      else text.line(level + 1, goText(item));
    }
  } else {
    text.line(level, `${label}:\t${value === null ? '<nil>' : goText(value)}`);
  }
}

const acronyms = new Set(['API', 'URL', 'UID', 'GUID']);

/** `creationTimestamp` as `Creation Timestamp`; names with other signs than letters and `-` stay as they are. */
export function fieldLabel(field: string): string {
  if (!/^[\p{L}-]*$/u.test(field)) return field;
  const words = field.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}\p{Ll}+|\p{Ll}+|[^\p{Lu}\p{Ll}]+/gu) ?? [];
  const labels: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const next = words[at + 1] ?? '';
    // `URLs` falls apart into `UR` and `Ls`, which belong together.
    const isCut = Buffer.byteLength(word) >= 2 && !/[^\p{Lu}\P{L}]/u.test(word) && /^\p{Lu}/u.test(next);
    if (isCut) at++;
    labels.push(labelOf(isCut ? word + next : word));
  }
  return labels.join(' ');
}

function labelOf(word: string): string {
  const upper = word.toUpperCase();
  return acronyms.has(upper) ? upper : `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
