import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import { manifestSchemaOf } from './manifest-schema.ts';
import type { ManifestProblem } from './manifest-validator.ts';

/** Compiles the type of a name. */
type Compile = (name: string) => ValidateFunction;

const compilers = new WeakMap<OpenApiTypes, Compile>();

/**
 * Finds with ajv everything in an object that its type does not allow.
 * @param name of the kind's type, `io.k8s.api.apps.v1.Deployment`
 * @param kind `Deployment`, as messages begin
 */
export function manifestProblems(
  types: OpenApiTypes,
  name: string,
  kind: string,
  object: JsonObject,
): readonly ManifestProblem[] {
  let compile = compilers.get(types);
  if (compile === undefined) compilers.set(types, (compile = createCompiler(types)));
  const data = withoutBigIntegers(object);
  const validate = compile(name);
  validate(data);
  return problemsOf(validate.errors ?? [], data, kind);
}

function createCompiler(types: OpenApiTypes): Compile {
  const ajv = new Ajv({
    allErrors: true,
    strict: false,
    verbose: true,
    validateFormats: false,
    addUsedSchema: false,
    meta: false,
    validateSchema: false,
  });
  const compiled = new Map<string, ValidateFunction>();
  const compile: Compile = (name) => {
    let validate = compiled.get(name);
    if (validate === undefined) {
      validate = ajv.compile(manifestSchemaOf(types, name));
      compiled.set(name, validate);
    }
    return validate;
  };
  // A reference is followed when a value stands there, not when the schema is compiled: few of a kind's types are used.
  const follow: Follow = (name, data, _schema, at) => {
    if (data === null) return true;
    const validate = compile(name);
    if (validate(data)) return true;
    const prefix = at?.instancePath ?? '';
    follow.errors = (validate.errors ?? []).map((error) => ({ ...error, instancePath: prefix + error.instancePath }));
    return false;
  };
  ajv.addKeyword({ keyword: 'typeNamed', errors: 'full', validate: follow });
  return compile;
}

/** What ajv calls for the keyword `typeNamed`; it reads the errors from the function itself. */
interface Follow {
  (name: string, data: unknown, schema: unknown, at?: { readonly instancePath: string }): boolean;
  errors?: ErrorObject[];
}

/** ajv knows no big integers; for a check of types the nearest number is as good. */
function withoutBigIntegers(value: JsonObject): JsonObject {
  const convert = (item: JsonValue): JsonValue => {
    if (typeof item === 'bigint') return Number(item);
    if (Array.isArray(item)) {
      const items = item.map(convert);
      return items.some((one, index) => one !== item[index]) ? items : item;
    }
    if (!isJsonObject(item)) return item;
    let copy: JsonObject | undefined;
    for (const [name, member] of Object.entries(item)) {
      const converted = convert(member);
      if (converted !== member) (copy ??= { ...item })[name] = converted;
    }
    return copy ?? item;
  };
  return convert(value) as JsonObject;
}

function problemsOf(errors: readonly ErrorObject[], root: JsonObject, kind: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const wronglyTyped = new Set<string>();
  for (const error of errors) {
    const path = pathOf(error.instancePath, root);
    const about = `ValidationError(${placeText(kind, path)})`;
    const typeName = (error.parentSchema as { $comment?: string } | undefined)?.$comment ?? '';
    switch (error.keyword) {
      case 'additionalProperties': {
        const field = String(error.params['additionalProperty']);
        const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
        problems.push({
          path: [...path, field],
          message: `${about}: unknown field ${JSON.stringify(field)} in ${typeName}`,
          known,
        });
        break;
      }
      case 'required': {
        const field = String(error.params['missingProperty']);
        // What the server keeps of a status is its own.
        if (path[0] === 'status' || (path.length === 0 && field === 'status')) break;
        problems.push({ path, message: `${about}: missing required field ${JSON.stringify(field)} in ${typeName}` });
        break;
      }
      case 'type':
      case 'minimum':
      case 'maximum': {
        if (wronglyTyped.has(error.instancePath)) break;
        wronglyTyped.add(error.instancePath);
        const { type = '', maximum } = error.parentSchema as { type?: string | readonly string[]; maximum?: number };
        const expected = error.keyword === 'type' || maximum === undefined ? expectedType(type) : 'int32';
        const got = `got ${JSON.stringify(typeOf(valueAt(root, path)))}, expected ${JSON.stringify(expected)}`;
        problems.push({ path, message: `${about}: invalid type for ${typeName}: ${got}` });
        break;
      }
    }
  }
  return problems;
}

function expectedType(type: string | readonly string[]): string {
  if (typeof type !== 'string') return type[0] ?? '';
  return type === 'object' ? 'map' : type;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' ? 'map' : typeof value;
}

/** The steps of a JSON pointer; whether one is an index the value itself tells. */
function pathOf(pointer: string, root: JsonObject): (string | number)[] {
  let value: unknown = root;
  return pointer
    .split('/')
    .slice(1)
    .map((step) => {
      const text = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const isIndex = Array.isArray(value);
      value = (value as Record<string, unknown> | undefined)?.[text];
      return isIndex ? Number(text) : text;
    });
}

function valueAt(root: JsonObject, path: readonly (string | number)[]): unknown {
  let value: unknown = root;
  for (const step of path) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value;
}

/** `Deployment.spec.containers[0]`. */
function placeText(kind: string, path: readonly (string | number)[]): string {
  return kind + path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
}
