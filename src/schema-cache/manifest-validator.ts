import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { OpenApiTypes } from '../apimachinery/openapi-schema.ts';
import type { Schema } from '../apimachinery/schema.ts';

/** Something in a manifest that the server would refuse to read. */
export interface ManifestProblem {
  /** Where: for a field that is unknown or of the wrong type its own place, for one that is missing the object's. */
  readonly path: readonly (string | number)[];
  /** `ValidationError(Deployment.spec): unknown field "x" in io.k8s.api.apps.v1.DeploymentSpec`. */
  readonly message: string;
  /** Names of the fields there are, for an unknown field. */
  readonly known?: readonly string[];
}

/** Checks objects of one kind. */
export type ManifestValidator = (object: JsonObject) => readonly ManifestProblem[];

/**
 * Makes a check of unknown fields, wrong types and missing fields with ajv, over the types a server publishes. Types
 * are compiled when an object first uses them, and once more, to tell what is wrong, when one does not fit. What a server accepts is never a problem: null is as good as absent,
 * fields that may be left out in spite of `required` are known, and what a schema does not tell passes.
 * @param name of the kind's type, `io.k8s.api.apps.v1.Deployment`
 * @param kind `Deployment`, as messages begin
 */
export function createManifestValidator(types: OpenApiTypes, name: string, kind: string): ManifestValidator {
  const { fits, explains } = checksOf(types);
  return (object) => {
    const data = withoutBigIntegers(object);
    if (fits(name)(data)) return [];
    const validate = explains(name);
    validate(data);
    return problemsOf(validate.errors ?? [], data, kind);
  };
}

/** Compiles the type of a name. */
type Compile = (name: string) => ValidateFunction;

interface Checks {
  /** Tells only whether something is wrong: half the code, and nearly all that is ever asked. */
  readonly fits: Compile;
  /** Finds everything that is wrong. */
  readonly explains: Compile;
}

const checks = new WeakMap<OpenApiTypes, Checks>();

function checksOf(types: OpenApiTypes): Checks {
  let found = checks.get(types);
  if (found === undefined) {
    let explains: Compile | undefined;
    found = {
      fits: createCompiler(types, false),
      explains: (name) => (explains ??= createCompiler(types, true))(name),
    };
    checks.set(types, found);
  }
  return found;
}

function createCompiler(types: OpenApiTypes, explains: boolean): Compile {
  const ajv = new Ajv({
    allErrors: explains,
    strict: false,
    verbose: explains,
    messages: explains,
    validateFormats: false,
    addUsedSchema: false,
    meta: false,
    validateSchema: false,
  });
  const compiled = new Map<string, ValidateFunction>();
  const compile: Compile = (name) => {
    let validate = compiled.get(name);
    if (validate === undefined) {
      const schema = types.lookup(name);
      validate = ajv.compile(schema === undefined ? {} : ajvSchema(schema, name));
      compiled.set(name, validate);
    }
    return validate;
  };
  // A reference is followed when a value stands there, not when the schema is compiled: few of a kind's types are used.
  const follow: Follow = (name, data, _schema, at) => {
    if (data === null) return true;
    const validate = compile(name);
    if (validate(data)) return true;
    if (!explains) return false;
    const prefix = at?.instancePath ?? '';
    follow.errors = (validate.errors ?? []).map((error) => ({ ...error, instancePath: prefix + error.instancePath }));
    return false;
  };
  ajv.addKeyword({ keyword: 'typeNamed', errors: explains ? 'full' : false, validate: follow });
  return compile;
}

/** What ajv calls for the keyword `typeNamed`; it reads the errors from the function itself. */
interface Follow {
  (name: string, data: unknown, schema: unknown, at?: { readonly instancePath: string }): boolean;
  errors?: ErrorObject[];
}

const int32Limit = 2 ** 31;

/** The JSON schema of a type. @param typeName what messages call it: a type's full name, with fields behind it */
function ajvSchema(schema: Schema, typeName: string): SchemaObject {
  if (schema.ref !== undefined) return { typeNamed: schema.ref };
  const about = { $comment: typeName, nullable: true };
  if (schema.intOrString === true || schema.format === 'int-or-string' || typeName.endsWith('.intstr.IntOrString')) {
    return { ...about, type: ['string', 'integer', 'null'] };
  }
  if (typeName.endsWith('.api.resource.Quantity')) return { ...about, type: ['string', 'number', 'null'] };
  switch (schema.type) {
    case undefined:
      return {};
    case 'object':
      return { ...about, type: 'object', ...membersOf(schema, typeName) };
    case 'array':
      return {
        ...about,
        type: 'array',
        ...(schema.items === undefined ? {} : { items: ajvSchema(schema.items, typeName) }),
      };
    case 'integer':
      return {
        ...about,
        type: 'integer',
        ...(schema.format === 'int32' ? { minimum: -int32Limit, maximum: int32Limit - 1 } : {}),
      };
    default:
      return { ...about, type: schema.type };
  }
}

function membersOf(schema: Schema, typeName: string): SchemaObject {
  const { properties, additionalProperties } = schema;
  if (properties === undefined) {
    return additionalProperties === undefined
      ? {}
      : { additionalProperties: ajvSchema(additionalProperties, typeName) };
  }
  const isOpen = schema.preserveUnknownFields === true || schema.embeddedResource === true;
  const members: SchemaObject = {
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, member]) => [name, ajvSchema(member, `${typeName}.${name}`)]),
    ),
    additionalProperties: additionalProperties === undefined ? isOpen : ajvSchema(additionalProperties, typeName),
  };
  const mayMiss = fieldsThatMayMiss[typeName.replace(/^io\.k8s\./, '')];
  const required = (schema.required ?? []).filter(
    (field) => mayMiss !== 'all' && mayMiss?.includes(field) !== true && hasNoOwnDefault(properties[field]),
  );
  return required.length === 0 ? members : { ...members, required };
}

/** Of built-in types the published default is only Go's zero value; one that says something fills the gap. */
function hasNoOwnDefault(member: Schema | undefined): boolean {
  const value = member?.default;
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  return isJsonObject(value) && Object.keys(value).length === 0;
}

/** Required by the schema, but a server takes an object without them: the empty value is a good one. */
const fieldsThatMayMiss: Readonly<Record<string, readonly string[] | 'all'>> = {
  'api.apps.v1.ControllerRevision': ['revision'],
  'api.authentication.v1.TokenReview': 'all',
  'api.authentication.v1.TokenReviewSpec': 'all',
  'api.batch.v1.PodFailurePolicy': ['rules'],
  'api.core.v1.Event': 'all',
  'api.core.v1.HTTPHeader': ['value'],
  'api.core.v1.ISCSIPersistentVolumeSource': ['lun'],
  'api.core.v1.ISCSIVolumeSource': ['lun'],
  'api.core.v1.LimitRangeSpec': ['limits'],
  'api.core.v1.PreferredSchedulingTerm': ['preference'],
  'api.core.v1.SleepAction': ['seconds'],
  'api.core.v1.Sysctl': ['value'],
  'api.resource.v1.DeviceClass': ['spec'],
  'api.resource.v1.ResourceClaim': ['spec'],
  'api.resource.v1.ResourceClaimTemplate': ['spec'],
  'api.resource.v1.ResourceClaimTemplateSpec': ['spec'],
  'api.resource.v1.ResourcePool': ['generation'],
  'api.storage.v1.CSIDriver': ['spec'],
  'api.storage.v1.CSINode': ['spec'],
  'api.storage.v1.CSINodeSpec': ['drivers'],
  'api.storage.v1.TokenRequest': ['audience'],
  'apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion': ['served', 'storage'],
};

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
