import { withoutLoneOctets } from '../../../apimachinery/octets.ts';
import { jsonFieldNames } from '../../../apimachinery/decoding/type-fields.ts';
import { isJsonObject, keptText } from '../../../apimachinery/json.ts';
import { escapeHtml, stringifyJson, stringifySorted } from '../../../apimachinery/json-codec.ts';
import { resolveSchema, type Schema } from '../../../apimachinery/schema.ts';
import { builtInTypeIndex } from './type-index.ts';

const { schemas: bodySchemas } = builtInTypeIndex;

/** How values of one type are written. */
interface Form {
  write(value: unknown): string;
  /** Whether plain JSON is it already, as it is for what was read from storage: that is much faster to write. */
  isInOrder(value: unknown): boolean;
}

const jsonSchemaPackage = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/**
 * The JSON that the real server writes for an object, byte for byte: fields of built-in types in the order in which Go
 * declares them, keys of maps and of custom resources sorted, `<`, `>` and `&` escaped. No line end.
 */
export function writeObjectJson(object: unknown): string {
  const text = escapeHtml(writeObject(object));
  // What is told of a request may have names in it that are no text.
  return isJsonObject(object) && object.kind === 'Status' ? withoutLoneOctets(text) : text;
}

function writeObject(object: unknown): string {
  if (!isJsonObject(object)) return stringifyJson(object);
  const { apiVersion, kind } = object;
  // The server's own documents (discovery, the version) are made in their order.
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || apiVersion.startsWith('apidiscovery.')) {
    return stringifyJson(object);
  }
  if (kind === 'Table' && apiVersion.startsWith('meta.k8s.io/')) return writeTable(object);
  const type = builtInTypeIndex.typeOfKind(apiVersion.replace('meta.k8s.io/v1beta1', 'meta.k8s.io/v1'), kind);
  const form = type === undefined ? sorted : formOfType(type);
  return writeForm(form, object);
}

function writeForm(form: Form, value: unknown): string {
  return form.isInOrder(value) ? stringifyJson(value) : form.write(value);
}

/** Rows of tables carry objects of any kind. */
function writeTable(table: Readonly<Record<string, unknown>>): string {
  const { rows, ...rest } = table;
  if (!Array.isArray(rows)) return stringifyJson(table);
  const head = stringifyJson(rest).slice(0, -1);
  const written = rows.map((row: { cells: unknown; object?: unknown }) => {
    const { object, ...cells } = row;
    return `${stringifyJson(cells).slice(0, -1)},"object":${object === null ? 'null' : writeObject(object)}}`;
  });
  return `${head},"rows":[${written.join(',')}]}`;
}

/** Scalars, and what is kept as its writer sent it. */
const plain: Form = { write: stringifyJson, isInOrder: () => true };

/** Raw JSON: as its writer sent it, to the letter. */
const raw: Form = {
  write: (value) => (isJsonObject(value) ? keptText(value) : undefined) ?? stringifyJson(value),
  isInOrder: (value) => !isJsonObject(value) || keptText(value) === undefined,
};

const sorted: Form = { write: stringifySorted, isInOrder: isSorted };

function isSorted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isSorted);
  return isMapInOrder(value, isSorted);
}

function isMapInOrder(map: object, isInOrder: (value: unknown) => boolean): boolean {
  let last = '';
  for (const [key, item] of Object.entries(map)) {
    if (key < last || !isInOrder(item)) return false;
    last = key;
  }
  return true;
}

const forms = new Map<string, Form>();

function formOfType(type: string): Form {
  const known = forms.get(type);
  if (known !== undefined) return known;
  let form: Form | undefined;
  // Types may contain themselves, so the fields are looked at when the first value comes.
  const lazily: Form = {
    write: (value) => (form ??= structForm(type)).write(value),
    isInOrder: (value) => (form ??= structForm(type)).isInOrder(value),
  };
  forms.set(type, lazily);
  return lazily;
}

interface FieldForm {
  readonly name: string;
  readonly label: string;
  readonly position: number;
  readonly form: Form;
}

function structForm(type: string): Form {
  const { properties = {} } = bodySchemas.lookup(type) ?? {};
  const declared = jsonFieldNames(type, bodySchemas);
  // What a kind has before its own fields.
  const typeMeta = ['kind', 'apiVersion'].filter((name) => !declared.includes(name));
  const names = new Set([...typeMeta, ...declared, ...Object.keys(properties)]);
  const fields: readonly FieldForm[] = [...names].map((name, position) => ({
    name,
    label: `${JSON.stringify(name)}:`,
    position,
    form: formOf(properties[name] ?? {}),
  }));
  const byName = new Map(fields.map((field) => [field.name, field]));
  return {
    write: (value) => (isJsonObject(value) ? writeStruct(value, fields, names) : stringifyJson(value)),
    isInOrder(value) {
      if (!isJsonObject(value)) return true;
      let last = -1;
      for (const name in value) {
        const field = byName.get(name);
        if (field === undefined || field.position < last || !field.form.isInOrder(value[name])) return false;
        last = field.position;
      }
      return true;
    },
  };
}

function writeStruct(
  value: Readonly<Record<string, unknown>>,
  fields: readonly FieldForm[],
  names: ReadonlySet<string>,
): string {
  let text = '';
  let count = 0;
  for (const { name, label, form } of fields) {
    const item = value[name];
    if (item === undefined) continue;
    count++;
    // Most fields are texts, which need no form.
    const written = typeof item === 'string' ? JSON.stringify(item) : item === null ? 'null' : form.write(item);
    text += (text === '' ? '{' : ',') + label + written;
  }
  if (Object.keys(value).length > count) text = withOtherFields(text, value, names);
  return text === '' ? '{}' : `${text}}`;
}

/** What the type does not know (fields behind feature gates of ours) comes last. */
function withOtherFields(text: string, value: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): string {
  let all = text;
  for (const [key, item] of Object.entries(value)) {
    if (known.has(key) || item === undefined) continue;
    all += `${all === '' ? '{' : ','}${JSON.stringify(key)}:${stringifyJson(item)}`;
  }
  return all;
}

function formOf(schema: Schema): Form {
  const { ref } = schema;
  if (ref?.startsWith(`${jsonSchemaPackage}.JSON`) === true) {
    if (ref === `${jsonSchemaPackage}.JSON`) return sorted;
    return schemaOrList(formOfType(`${jsonSchemaPackage}.JSONSchemaProps`));
  }
  if (ref === 'io.k8s.apimachinery.pkg.runtime.RawExtension') return raw;
  const resolved = resolveSchema(schema, bodySchemas);
  if (resolved.type === 'array') return listForm(formOf(resolved.items ?? {}));
  if (resolved.additionalProperties !== undefined) return mapForm(formOf(resolved.additionalProperties));
  return ref !== undefined && resolved.properties !== undefined ? formOfType(ref) : plain;
}

/** A schema, or instead of it a list of schemas or names, or a boolean. */
function schemaOrList(one: Form): Form {
  const list = listForm(one);
  return {
    write: (value) => (Array.isArray(value) ? list : one).write(value),
    isInOrder: (value) => (Array.isArray(value) ? list : one).isInOrder(value),
  };
}

function listForm(item: Form): Form {
  if (item === plain) return plain;
  return {
    write: (value) =>
      Array.isArray(value) ? `[${value.map((one) => writeForm(item, one)).join(',')}]` : stringifyJson(value),
    isInOrder: (value) => !Array.isArray(value) || value.every((one) => item.isInOrder(one)),
  };
}

function mapForm(item: Form): Form {
  return {
    write(value) {
      if (!isJsonObject(value)) return stringifyJson(value);
      const keys = Object.keys(value).sort();
      return `{${keys.map((key) => `${JSON.stringify(key)}:${item.write(value[key])}`).join(',')}}`;
    },
    isInOrder: (value) => !isJsonObject(value) || isMapInOrder(value, (one) => item.isInOrder(one)),
  };
}
