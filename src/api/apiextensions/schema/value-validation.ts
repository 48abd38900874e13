import {
  type FieldError,
  type FieldPath,
  goQuote,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../../apimachinery/field-error.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { isKnownFormat, matchesFormat } from '../../../apimachinery/string-formats.ts';
import { compilePattern, PatternError } from '../../../cel/regular-expression.ts';
import { numberProblems } from './number-validation.ts';
import { namedSchema, namedSchemas, subSchema, subSchemas, textOf, textsOf } from './schema-keywords.ts';

/** Errors, and how many checks were made: of several failing schemas, that with the most is reported. */
interface Result {
  readonly errors: FieldError[];
  checks: number;
}

/**
 * Checks a value against the OpenAPI schema of a custom resource, with the errors of kube-openapi's validator.
 * @param prefix the path that the value stands at, which messages leave out
 * @param old what stood there before: what is unchanged is not complained about again (KEP-4008)
 */
export function validateValue(value: JsonValue, schema: JsonObject, prefix: FieldPath, old?: JsonValue): FieldError[] {
  return new ValueValidator(prefix).validate(value, schema, '', old).errors;
}

function jsonType(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Formats of numbers, which a value of another type is told of instead of its type. */
const numberFormats: ReadonlySet<string> = new Set(['int32', 'int64', 'float', 'double']);

/** What Go keeps numbers as, by which messages call them beside a format. */
const goFormats: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' };

class ValueValidator {
  readonly #prefix: FieldPath;

  constructor(prefix: FieldPath) {
    this.#prefix = prefix;
  }

  validate(value: JsonValue, schema: JsonObject, path: string, old: JsonValue | undefined): Result {
    const result: Result = { errors: [], checks: 0 };
    if (old !== undefined && equalJson(value, old)) return result;
    const add = (part: Result): void => {
      result.errors.push(...part.errors);
      result.checks += part.checks + 1;
    };
    add(this.#checkType(value, schema, path));
    if (value === null) {
      add(this.#checkEnum(value, schema, path));
      return result;
    }
    add(this.#checkCombinations(value, schema, path, old));
    if (typeof value === 'string') {
      add(this.#checkString(value, schema, path));
      add(this.#checkFormat(value, schema, path));
    } else if (typeof value === 'number' || typeof value === 'bigint') add(this.#checkNumber(value, schema, path));
    else if (Array.isArray(value)) add(this.#checkArray(value, schema, path, old));
    add(this.#checkEnum(value, schema, path));
    if (isJsonObject(value)) add(this.#checkObject(value, schema, path, old));
    return result;
  }

  #at(path: string): FieldPath {
    const name = path.replace(/^\./, '');
    return name === '' ? this.#prefix : this.#prefix.child(name);
  }

  #pass(): Result {
    return { errors: [], checks: 1 };
  }

  #fail(...errors: FieldError[]): Result {
    return { errors, checks: 1 };
  }

  /** An error that the validator knows no field for. */
  #general(message: string): FieldError {
    const field = this.#prefix.toString();
    const shown = invalid(this.#prefix, '', message);
    return field === '' ? { ...shown, field: '<nil>' } : shown;
  }

  #checkType(value: JsonValue, schema: JsonObject, path: string): Result {
    const types = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : [textOf(schema, 'type')];
    const [first = ''] = types;
    const actual = jsonType(value);
    const mismatch = (): Result =>
      this.#fail(
        typeInvalid(this.#at(path), actual, `${path} in body must be of type ${types.join(',')}: ${goQuote(actual)}`),
      );
    if (value === null) return first === '' || schema['nullable'] === true ? this.#pass() : mismatch();
    if (first === '' || types.includes(actual)) return this.#pass();
    const wanted = textOf(schema, 'format');
    const isFormatted = numberFormats.has(wanted) || isKnownFormat(wanted);
    if (isFormatted && actual !== 'string' && actual !== 'array' && !(actual === 'integer' && first === 'number')) {
      const own = goFormats[actual] ?? '';
      return this.#fail(typeInvalid(this.#at(path), own, `${path} in body must be of type ${wanted}: ${goQuote(own)}`));
    }
    if (actual === 'integer' && types.includes('number')) return this.#pass();
    // A text with a format is the business of the format, unless a number is wanted.
    const hasFormat = isKnownFormat(textOf(schema, 'format')) && first === 'string';
    return hasFormat && actual === 'array' ? this.#pass() : mismatch();
  }

  #checkEnum(value: JsonValue, schema: JsonObject, path: string): Result {
    const choices = schema['enum'];
    if (!Array.isArray(choices) || choices.length === 0) return this.#pass();
    if (choices.some((choice) => equalJson(choice, value))) return this.#pass();
    const shown = choices.map((choice) => (typeof choice === 'string' ? choice : jsonText(choice)));
    return this.#fail(notSupported(this.#at(path), value, shown));
  }

  /** The first that is wrong: a length, or the pattern. */
  #checkString(value: string, schema: JsonObject, path: string): Result {
    const { maxLength, minLength } = schema;
    const pattern = textOf(schema, 'pattern');
    const length = Array.from(value).length;
    if (typeof maxLength === 'number' && length > maxLength) return this.#fail(tooLong(this.#at(path), maxLength));
    if (typeof minLength === 'number' && length < minLength) {
      return this.#fail(invalid(this.#at(path), value, `${path} in body should be at least ${minLength} chars long`));
    }
    if (pattern === '') return this.#pass();
    try {
      if (compilePattern(pattern).test(value)) return this.#pass();
      return this.#fail(invalid(this.#at(path), value, `${path} in body should match '${pattern}'`));
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const why = `${pattern}, but pattern is invalid: ${error.message}`;
      return this.#fail(invalid(this.#at(path), value, `${path} in body should match '${why}'`));
    }
  }

  #checkFormat(value: string, schema: JsonObject, path: string): Result {
    const format = textOf(schema, 'format');
    const type = textOf(schema, 'type');
    if ((type !== '' && type !== 'string') || !isKnownFormat(format) || matchesFormat(format, value)) {
      return this.#pass();
    }
    const message = `${path} in body must be of type ${format}: ${goQuote(value)}`;
    return this.#fail(typeInvalid(this.#at(path), value, message));
  }

  #checkNumber(value: number | bigint, schema: JsonObject, path: string): Result {
    const place = { path, at: this.#at(path), general: (message: string) => this.#general(message) };
    return this.#fail(...numberProblems(value, schema, place));
  }

  #checkArray(value: readonly JsonValue[], schema: JsonObject, path: string, old: JsonValue | undefined): Result {
    const result: Result = { errors: [], checks: 1 };
    const items = subSchema(schema, 'items');
    for (const [index, item] of value.entries()) {
      if (items === undefined) break;
      const inside = this.validate(item, items, `${path}[${index}]`, correlatedItem(item, schema, old));
      result.errors.push(...inside.errors);
      result.checks += inside.checks;
    }
    const { minItems, maxItems } = schema;
    if (typeof minItems === 'number' && value.length < minItems) {
      const message = `${path} in body should have at least ${minItems} items`;
      result.errors.push(invalid(this.#at(path), value.length, message));
    }
    if (typeof maxItems === 'number' && value.length > maxItems) {
      result.errors.push(tooMany(this.#at(path), value.length, maxItems));
    }
    return result;
  }

  #checkObject(value: JsonObject, schema: JsonObject, path: string, old: JsonValue | undefined): Result {
    const result: Result = { errors: [], checks: 1 };
    const size = Object.keys(value).length;
    const { minProperties, maxProperties } = schema;
    if (typeof minProperties === 'number' && size < minProperties) {
      const message = `${path} in body should have at least ${minProperties} properties`;
      result.errors.push(invalid(this.#at(path), size, message));
    }
    if (typeof maxProperties === 'number' && size > maxProperties) {
      result.errors.push(tooMany(this.#at(path), size, maxProperties));
    }
    const before = isJsonObject(old) ? old : undefined;
    const check = (name: string, item: JsonValue, inside: JsonObject): void => {
      const at = path === '' && namedSchema(schema, 'properties', name) !== undefined ? name : `${path}.${name}`;
      const was = before !== undefined && Object.hasOwn(before, name) ? before[name] : undefined;
      const part = this.validate(item, inside, at, was);
      result.errors.push(...part.errors);
      result.checks += part.checks;
    };
    const additional = subSchema(schema, 'additionalProperties');
    for (const [name, item] of Object.entries(value)) {
      if (namedSchema(schema, 'properties', name) !== undefined) continue;
      if (additional !== undefined) check(name, item, additional);
      else if (schema['additionalProperties'] === false) {
        const message = `${path}.${name} in body is a forbidden property`;
        result.errors.push(invalid(this.#at(path), name, message));
      }
    }
    for (const [name, inside] of namedSchemas(schema, 'properties')) {
      const item = Object.hasOwn(value, name) ? value[name] : undefined;
      if (item !== undefined) check(name, item, inside);
    }
    for (const name of textsOf(schema, 'required')) {
      if (!Object.hasOwn(value, name)) result.errors.push(required(this.#at(path === '' ? name : `${path}.${name}`)));
    }
    return result;
  }

  #checkCombinations(value: JsonValue, schema: JsonObject, path: string, old: JsonValue | undefined): Result {
    const result: Result = { errors: [], checks: 1 };
    const shown = goQuote(path);
    const results = (keyword: string): Result[] =>
      subSchemas(schema, keyword).map((inside) => this.validate(value, inside, path, old));
    const any = results('anyOf');
    if (any.length > 0 && !any.some(isValid)) {
      result.errors.push(this.#general(`${shown} must validate at least one schema (anyOf)`), ...best(any).errors);
    }
    const one = results('oneOf');
    const valid = one.filter(isValid).length;
    if (one.length > 0 && valid !== 1) {
      const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      result.errors.push(this.#general(`${shown} must validate one and only one schema (oneOf). ${found}`));
      if (valid === 0) result.errors.push(...best(one).errors);
    }
    const all = results('allOf');
    for (const part of all) result.errors.push(...part.errors);
    if (!all.every(isValid)) {
      const tail = all.some(isValid) ? '' : '. None validated';
      result.errors.push(this.#general(`${shown} must validate all the schemas (allOf)${tail}`));
    }
    const not = subSchema(schema, 'not');
    if (not !== undefined && isValid(this.validate(value, not, path, old))) {
      result.errors.push(this.#general(`${shown} must not validate the schema (not)`));
    }
    return result;
  }
}

function isValid({ errors }: Result): boolean {
  return errors.length === 0;
}

/** The failure that got furthest. */
function best(results: readonly Result[]): Result {
  return results.reduce((found, result) => (result.checks > found.checks ? result : found));
}

/** The element of an old list that an element takes the place of: by the keys of a list that has some. */
export function correlatedItem(item: JsonValue, schema: JsonObject, old: JsonValue | undefined): JsonValue | undefined {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isJsonObject(item)) return undefined;
  const keys = textsOf(schema, 'x-kubernetes-list-map-keys');
  return old.find(
    (candidate) => isJsonObject(candidate) && keys.every((key) => equalJson(candidate[key] ?? null, item[key] ?? null)),
  );
}

function jsonText(value: JsonValue): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item));
}
