import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { wrapWords } from '../printers/word-wrap.ts';

/** What `explain` is asked for. */
export interface ExplainRequest {
  /** The OpenAPI v3 document of the group version. */
  readonly document: JsonObject;
  readonly gvk: { readonly group: string; readonly version: string; readonly kind: string };
  /** Names of fields, one below the other. */
  readonly fields: readonly string[];
  readonly recursive: boolean;
}

/** The text about a kind that stands first; it is printed even when a field is not found. */
export function explainHeader({ gvk }: ExplainRequest): string {
  const group = gvk.group === '' ? '' : `GROUP:      ${gvk.group}\n`;
  return `${group}KIND:       ${gvk.kind}\nVERSION:    ${gvk.version}\n\n`;
}

/** Fields and texts of a kind, or of one of its fields; undefined for a field that is not there. */
export function explainSchema({ document, gvk, fields, recursive }: ExplainRequest): string | undefined {
  const components = document['components'];
  const schemas = isJsonObject(components) && isJsonObject(components['schemas']) ? components['schemas'] : {};
  const root = Object.values(schemas).find(
    (schema) =>
      isJsonObject(schema) &&
      listOf(schema['x-kubernetes-group-version-kind']).some(
        ({ group, version, kind }) => group === gvk.group && version === gvk.version && kind === gvk.kind,
      ),
  );
  if (!isJsonObject(root)) return undefined;
  const text = new SchemaExplainer(schemas, recursive).explain(root, fields, new Set());
  return text === '' ? undefined : `${text}\n`;
}

function listOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function indent(text: string, columns: number): string {
  const pad = ' '.repeat(columns);
  return pad + text.replaceAll('\n', `\n${pad}`);
}

class SchemaExplainer {
  readonly #schemas: JsonObject;
  readonly #recursive: boolean;

  constructor(schemas: JsonObject, recursive: boolean) {
    this.#schemas = schemas;
    this.#recursive = recursive;
  }

  explain(schema: JsonObject, fields: readonly string[], seen: ReadonlySet<string>): string {
    const { reference, resolved, seenNow } = this.#enter(schema, seen);
    const [first, ...rest] = fields;
    if (first === undefined) return this.#details(resolved);
    if (reference !== '' && seen.has(reference)) return '';
    const { properties } = resolved;
    if (isJsonObject(properties) && isJsonObject(properties[first])) {
      const field = properties[first];
      const head = rest.length === 0 ? `FIELD: ${first} <${this.#typeName(field)}>\n${longEnum(field)}\n\n` : '';
      const below = this.explain(field, rest, new Set());
      return below === '' ? '' : head + below;
    }
    for (const inner of innerSchemas(resolved)) {
      const text = this.explain(inner, fields, seenNow);
      if (text !== '') return text;
    }
    return '';
  }

  #details(resolved: JsonObject): string {
    const description = this.#description(resolved) || '<empty>';
    const fields = this.#fieldList(resolved, 1, new Set());
    return [
      `DESCRIPTION:\n${indent(wrapWords(description, 76), 4)}\n`,
      externalDocs(resolved, 0) === '' ? '' : `\n${externalDocs(resolved, 0)}`,
      fields === '' ? '' : `FIELDS:\n${fields}`,
    ].join('');
  }

  #description(schema: JsonObject): string {
    const { resolved } = this.#enter(schema, new Set());
    const own =
      typeof resolved['description'] === 'string' && resolved['description'] !== '' ? resolved['description'] : '';
    const inner = [...listOf(resolved['allOf']), ...elementSchemas(resolved)];
    return `${own === '' ? '' : `${own}\n`}${inner.map((one) => this.#description(one)).join('')}`;
  }

  #fieldList(schema: JsonObject, level: number, seen: ReadonlySet<string>): string {
    const { reference, resolved, seenNow } = this.#enter(schema, seen);
    if (reference !== '' && seen.has(reference)) return '';
    const { properties } = resolved;
    let text = '';
    for (const [name, field] of Object.entries(isJsonObject(properties) ? properties : {}).toSorted(byName)) {
      if (!isJsonObject(field)) continue;
      text += this.#field(name, field, resolved, level);
      if (this.#recursive) text += this.#fieldList(field, level + 1, seenNow);
    }
    for (const inner of [...listOf(resolved['allOf']), ...elementSchemas(resolved)]) {
      text += this.#fieldList(inner, level, seenNow);
    }
    return text;
  }

  #field(name: string, field: JsonObject, parent: JsonObject, level: number): string {
    const columns = level * 2;
    const { required } = parent;
    const isRequired = Array.isArray(required) && required.includes(name);
    const line = `${indent(name, columns)}\t<${this.#typeName(field)}>${isRequired ? ' -required-' : ''}${shortEnum(field, columns)}\n`;
    if (this.#recursive) return line;
    const description =
      typeof field['description'] === 'string' && field['description'] !== ''
        ? field['description']
        : '<no description>';
    const docs = externalDocs(field, columns + 2);
    return `${line}${indent(wrapWords(description, 78 - columns), columns + 2)}\n${docs === '' ? '' : `\n${docs}`}\n`;
  }

  /** What stands between `<` and `>`: `string`, `[]Container`, `map[string]string`. */
  #typeName(schema: JsonObject): string {
    const { items, additionalProperties, properties, type } = schema;
    if (isJsonObject(items)) return `[]${this.#typeName(items)}`;
    if (isJsonObject(additionalProperties)) return `map[string]${this.#typeName(additionalProperties)}`;
    const [only, ...others] = listOf(schema['allOf']);
    if (only !== undefined && others.length === 0 && properties === undefined) return this.#typeName(only);
    const { reference, resolved } = this.#enter(schema, new Set());
    if (reference !== '') {
      const target = resolved['type'];
      if (typeof target === 'string' && target !== 'object') return target;
      return reference.slice(reference.lastIndexOf('.') + 1) || 'Object';
    }
    return typeof type !== 'string' || type === 'object' ? 'Object' : type;
  }

  /** Follows a reference, and remembers it. */
  #enter(
    schema: JsonObject,
    seen: ReadonlySet<string>,
  ): { readonly reference: string; readonly resolved: JsonObject; readonly seenNow: ReadonlySet<string> } {
    const pointer = schema['$ref'];
    if (typeof pointer !== 'string') return { reference: '', resolved: schema, seenNow: seen };
    const reference = pointer.slice(pointer.lastIndexOf('/') + 1);
    const target = this.#schemas[reference];
    return { reference, resolved: isJsonObject(target) ? target : schema, seenNow: new Set([...seen, reference]) };
  }
}

function byName([left]: [string, JsonValue], [right]: [string, JsonValue]): number {
  return left < right ? -1 : 1;
}

/** Of items and additionalProperties. */
function elementSchemas({ items, additionalProperties }: JsonObject): JsonObject[] {
  return [items, additionalProperties].filter(isJsonObject);
}

/** Where a field may be that the schema itself does not have: the items, else the values, else what is combined. */
function innerSchemas(schema: JsonObject): JsonObject[] {
  const [element] = elementSchemas(schema);
  return element === undefined ? listOf(schema['allOf']) : [element];
}

function enumValues(schema: JsonObject): string[] {
  const values = Array.isArray(schema['enum']) ? schema['enum'] : [];
  return values.map((value) => (value === '' ? '""' : typeof value === 'string' ? value : JSON.stringify(value)));
}

function longEnum(schema: JsonObject): string {
  const values = enumValues(schema);
  return values.length === 0 ? '' : `ENUM:${values.map((value) => `\n    ${value}`).join('')}`;
}

/** At most this many values stand on the line of a field. */
const shownValues = 4;

function shortEnum(schema: JsonObject, columns: number): string {
  const values = enumValues(schema);
  if (values.length === 0) return '';
  const more = values.length > shownValues ? ', ....' : '';
  return `\n${' '.repeat(columns)}enum: ${values.slice(0, shownValues).join(', ')}${more}`;
}

function externalDocs(schema: JsonObject, columns: number): string {
  const docs = schema['externalDocs'];
  if (!isJsonObject(docs)) return '';
  const { description, url } = docs;
  const text =
    typeof description === 'string'
      ? `${indent(wrapWords(description, 76 - Math.max(0, columns - 2)), columns + (columns === 0 ? 4 : 2))}\n`
      : '';
  const link = typeof url === 'string' ? `${indent(`URL: ${url}`, columns + (columns === 0 ? 4 : 2))}\n` : '';
  return `${indent('EXTERNAL DOCS:', columns)}\n${text}${link}`;
}
