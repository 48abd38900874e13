import { goQuote } from '../apimachinery/field-error.ts';
import { formatGroupVersion, type GroupVersionKind } from '../apimachinery/gvk.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { wrapLines } from '../printers/line-wrap.ts';

/** What of a Swagger 2.0 document is to be explained. */
export interface SwaggerRequest {
  readonly document: JsonObject;
  readonly gvk: GroupVersionKind;
  /** Names of fields, from the kind down. */
  readonly fields: readonly string[];
  readonly recursive: boolean;
}

/** A field that there is not; the message is what follows `error: `. */
export class UnknownFieldError extends Error {}

/**
 * Tells the fields of a kind, or of one of its fields, in the form that kubectl had before OpenAPI v3.
 * @returns undefined for a kind that the document does not have. @throws UnknownFieldError
 */
export function explainSwagger({ document, gvk, fields, recursive }: SwaggerRequest): string | undefined {
  const types = new SwaggerTypes(document);
  const kind = types.ofKind(gvk);
  if (kind === undefined) return undefined;
  const schema = types.fieldAt(kind, fields);
  return new Explanation(types, gvk, recursive).of(schema, fields.at(-1) ?? '');
}

/** How the schemas of Swagger are told apart. */
type Form = 'reference' | 'kind' | 'map' | 'array' | 'primitive' | 'arbitrary';

function formOf(schema: JsonObject): Form {
  if (typeof schema['$ref'] === 'string') return 'reference';
  const { type } = schema;
  const hasProperties = isJsonObject(schema['properties']);
  if (type === undefined) return hasProperties ? 'kind' : 'arbitrary';
  if (type === 'object') return hasProperties ? 'kind' : 'map';
  return type === 'array' ? 'array' : 'primitive';
}

class SwaggerTypes {
  readonly #definitions: JsonObject;

  constructor(document: JsonObject) {
    this.#definitions = objectIn(document['definitions']);
  }

  ofKind({ group, version, kind }: GroupVersionKind): JsonObject | undefined {
    const isIt = (gvk: JsonValue): boolean =>
      isJsonObject(gvk) && gvk['group'] === group && gvk['version'] === version && gvk['kind'] === kind;
    for (const definition of Object.values(this.#definitions)) {
      if (!isJsonObject(definition)) continue;
      const gvks = definition['x-kubernetes-group-version-kind'];
      if (Array.isArray(gvks) && gvks.some(isIt)) return definition;
    }
    return undefined;
  }

  /** What is inside: the type that is referred to, the items of a list, the values of a map. */
  inner(schema: JsonObject): JsonObject {
    const reference = schema['$ref'];
    if (typeof reference === 'string') return objectIn(this.#definitions[reference.replace('#/definitions/', '')]);
    return objectIn(schema['items'] ?? schema['additionalProperties']);
  }

  /** @throws UnknownFieldError */
  fieldAt(schema: JsonObject, path: readonly string[]): JsonObject {
    const form = formOf(schema);
    const [name, ...rest] = path;
    if (name === undefined || form === 'primitive' || form === 'arbitrary') return schema;
    if (form !== 'kind') return this.fieldAt(this.inner(schema), path);
    const field = objectIn(schema['properties'])[name];
    if (!isJsonObject(field)) throw new UnknownFieldError(`field ${goQuote(name)} does not exist`);
    return this.fieldAt(field, rest);
  }

  /** `string`, `Object`, `[]string`, `map[string]Object`; nothing for what may be anything. */
  nameOf(schema: JsonObject): string {
    switch (formOf(schema)) {
      case 'reference':
        return this.nameOf(this.inner(schema));
      case 'array':
        return `[]${this.nameOf(this.inner(schema))}`;
      case 'map':
        return `map[string]${this.nameOf(this.inner(schema))}`;
      case 'primitive':
        return textIn(schema['type']);
      case 'kind':
        return 'Object';
      default:
        return '';
    }
  }
}

const lineWidth = 80;
const fieldIndent = 3;
const textIndent = 5;

class Explanation {
  readonly #types: SwaggerTypes;
  readonly #gvk: GroupVersionKind;
  readonly #recursive: boolean;
  #text = '';

  constructor(types: SwaggerTypes, gvk: GroupVersionKind, recursive: boolean) {
    this.#types = types;
    this.#gvk = gvk;
    this.#recursive = recursive;
  }

  /** @param name of the field; empty for the kind itself */
  of(schema: JsonObject, name: string): string {
    const type = this.#types.nameOf(schema);
    const descriptions: string[] = [];
    let current = schema;
    while (['reference', 'array', 'map'].includes(formOf(current))) {
      descriptions.push(textIn(current['description']));
      current = this.#types.inner(current);
    }
    descriptions.push(textIn(current['description']));
    const form = formOf(current);
    this.#line(0, `KIND:     ${this.#gvk.kind}`);
    this.#line(0, `VERSION:  ${formatGroupVersion(this.#gvk)}\n`);
    if (form === 'primitive') this.#line(0, `FIELD:    ${name} <${type}>\n`);
    if (form === 'kind' && name !== '') this.#line(0, `RESOURCE: ${name} <${type}>\n`);
    this.#describe(descriptions);
    if (form === 'kind') {
      this.#line(0, '\nFIELDS:');
      if (this.#recursive) this.#allFields(current, fieldIndent, new Set());
      else this.#fields(current);
    }
    return this.#text;
  }

  #describe(descriptions: readonly string[]): void {
    this.#line(0, 'DESCRIPTION:');
    for (const [index, description] of descriptions.entries()) {
      if (description === '') continue;
      if (index !== 0) this.#line(0, '');
      this.#wrapped(textIndent, description);
    }
    if (descriptions.every((description) => description === '')) this.#wrapped(textIndent, '<empty>');
  }

  #fields(kind: JsonObject): void {
    const required = Array.isArray(kind['required']) ? kind['required'] : [];
    for (const [name, field] of fieldsOf(kind)) {
      this.#line(fieldIndent, `${name}\t<${this.#types.nameOf(field)}>${required.includes(name) ? ' -required-' : ''}`);
      this.#wrapped(textIndent, textIn(field['description']));
      this.#line(0, '');
    }
  }

  /** @param open the types that are being told, which contain themselves perhaps */
  #allFields(schema: JsonObject, indent: number, open: ReadonlySet<JsonObject>): void {
    const form = formOf(schema);
    if (form === 'kind') {
      for (const [name, field] of fieldsOf(schema)) {
        this.#line(indent, `${name}\t<${this.#types.nameOf(field)}>`);
        this.#allFields(field, indent + fieldIndent, open);
      }
    } else if (form === 'reference') {
      const inner = this.#types.inner(schema);
      if (!open.has(inner)) this.#allFields(inner, indent, new Set([...open, inner]));
    } else if (form === 'array' || form === 'map') {
      this.#allFields(this.#types.inner(schema), indent, open);
    }
  }

  #line(indent: number, text: string): void {
    this.#text += text === '' ? '\n' : `${' '.repeat(indent)}${text}\n`;
  }

  #wrapped(indent: number, text: string): void {
    for (const line of wrapLines(text, lineWidth - indent)) this.#line(indent, line);
  }
}

function fieldsOf(kind: JsonObject): readonly (readonly [string, JsonObject])[] {
  const properties = objectIn(kind['properties']);
  return Object.keys(properties)
    .toSorted()
    .map((name) => [name, objectIn(properties[name])] as const);
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textIn(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
