import { goQuote } from '../../../apimachinery/field-error.ts';
import {
  describeJsonKind,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  mostNesting,
} from '../../../apimachinery/json.ts';
import { JsonSyntaxError, parseJson, type ParseJsonOptions } from '../../../apimachinery/json-codec.ts';
import { formatGoFloat } from '../../../apimachinery/go-float.ts';
import { formatGoValue, sortedKeys } from '../../../apimachinery/go-value.ts';
import { formatJsonPath } from '../../../apimachinery/json-path-text.ts';
import { isTold, notingLiterals } from '../../../apimachinery/number-literals.ts';
import { badRequest, StatusError } from '../../../apimachinery/status.ts';
import { YamlError } from '../../../apimachinery/yaml.ts';
import { applyJsonMergePatch } from '../../../patch/json-merge-patch.ts';
import { applyJsonPatch, JsonPatchError, type JsonPatchOperation } from '../../../patch/json-patch.ts';
import { applyStrategicMergePatch, StrategicMergePatchError } from '../../../patch/strategic-merge-patch.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import { decodeYaml } from '../codecs/yaml-media-type.ts';
import { converterMessage } from '../../../apimachinery/decoding/converter-message.ts';
import type { FieldValidation } from '../decoding/object-body.ts';
import type { ApiResource } from '../registry/api-resource.ts';

/** A patch that was read. */
export interface ParsedPatch {
  readonly value: JsonValue;
  /** Duplicate keys, as strict decoding words them. */
  readonly strictErrors: readonly string[];
  /** Unknown fields are told in the order of their names, not in that of the document. */
  readonly sortsUnknownFields?: boolean;
  /** Another kind or version in the patch is passed over. */
  readonly keepsKind?: boolean;
  /** Numbers that are not written as plain integers, by their path in the patched document. */
  readonly numberLiterals?: ReadonlyMap<string, string>;
  /** The patched document does not become JSON before it is read into its type. */
  readonly isConverted?: boolean;
  /** Whole numbers that are written with a point or an exponent, by their path: to the converter they are none. */
  readonly floats?: ReadonlyMap<string, number>;
  /** @throws StatusError when the patch does not fit the document. */
  applyTo(document: JsonObject): JsonValue;
  /** How a result that does not fit the type is refused; the patched document and the message when absent. */
  refusal?(message: string): { readonly shown: string; readonly message: string };
}

/** @param isLenient whether nobody asked for unknown and duplicate fields, so that the patch is not read beforehand. */
type PatchReader = (body: Uint8Array, resource: ApiResource, isLenient: boolean) => ParsedPatch;

const maxJsonPatchOperations = 10_000;

const patchReaders: Readonly<Record<string, PatchReader>> = {
  'application/json-patch+json': readJsonPatch,
  'application/merge-patch+json': readMergePatch,
  'application/strategic-merge-patch+json': readStrategicPatch,
  'application/apply-patch+yaml': readApplyPatch,
};

/** Whether a media type is one of the forms of PATCH. */
export function isPatchType(mediaType: string): boolean {
  return Object.hasOwn(patchReaders, mediaType);
}

/** 415 for a patch of a built-in kind, in the words of the real server's web framework. */
export function unsupportedPatchType(): StatusError {
  return new StatusError({
    message: '415: Unsupported Media Type',
    reason: 'UnsupportedMediaType',
    details: {},
    code: 415,
  });
}

/** What reads patches of a media type for a resource; it throws StatusError 400 for what does not parse. @throws StatusError 415 */
export function patchReader(
  mediaType: string,
  resource: ApiResource,
  fieldValidation: FieldValidation,
): (body: Uint8Array) => ParsedPatch {
  const read = patchReaders[mediaType];
  if (read === undefined) throw new Error(`${mediaType} is no patch`);
  if (read === readStrategicPatch && resource.custom) throw noPatchOfCustomObjects();
  return (body) => read(body, resource, fieldValidation === 'Ignore');
}

/** Custom objects are patched in three forms, which the real server names to whoever sends another. */
export function noPatchOfCustomObjects(): StatusError {
  return new StatusError({
    message:
      'the body of the request was in an unknown format - accepted media types include: ' +
      'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    reason: 'UnsupportedMediaType',
    code: 415,
  });
}

function readJsonPatch(body: Uint8Array, _resource: ApiResource, isLenient: boolean): ParsedPatch {
  const strictErrors: string[] = [];
  let isTwice = false;
  const options: ParseJsonOptions = {
    onMember(path) {
      const [index, name, ...deeper] = path;
      if (typeof name !== 'string' || deeper.length > 0) return;
      const field = goQuote(`[${index}].${name}`);
      const error = `json patch unknown field ${field}`;
      if (!operationFields.has(name) && !strictErrors.includes(error)) strictErrors.push(error);
    },
    onDuplicateKey([index, name, ...deeper]) {
      if (typeof name !== 'string' || deeper.length > 0 || !operationFields.has(name)) return;
      isTwice = true;
      strictErrors.push(`json patch duplicate field ${goQuote(`[${index}].${name}`)}`);
    },
  };
  const value = (isLenient ? parsePatch(body, '', options) : parseOperations(body, options)) ?? [];
  const [listType, itemType] = isLenient
    ? ['jsonpatch.Patch', 'jsonpatch.Operation']
    : ['[]handlers.jsonPatchOp', 'handlers.jsonPatchOp'];
  const prefix = isLenient ? '' : decodingPatch;
  if (!Array.isArray(value)) throw wrongShape(value, listType, prefix);
  const wrong = value.find((item) => item !== null && !isJsonObject(item));
  if (wrong !== undefined) throw wrongShape(wrong, itemType, prefix);
  if (!isLenient) {
    // What stands twice is read twice.
    const first = isTwice ? parseJson(body, { keepsFirst: true }) : value;
    checkOperationTexts(Array.isArray(first) ? first : []);
    checkOperationTexts(value);
  }
  if (value.length > maxJsonPatchOperations) {
    throw new StatusError({
      message: `Request entity too large: The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${value.length}`,
      reason: 'RequestEntityTooLarge',
      code: 413,
    });
  }
  return {
    value,
    strictErrors,
    numberLiterals: patchedLiterals(body, value),
    applyTo(document) {
      if (value.includes(null)) throw unprocessable();
      try {
        return applyJsonPatch(document, value as unknown as readonly JsonPatchOperation[]);
      } catch (error) {
        if (error instanceof JsonPatchError) throw unprocessable();
        throw error;
      }
    },
  };
}

/** Reads operations into a type of their own. */
function parseOperations(body: Uint8Array, options: ParseJsonOptions): JsonValue {
  try {
    return parsePatch(body, decodingPatch, options);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw badRequest(
      error.message.replace('into Go value of type float64', 'into Go struct field jsonPatchOp.value of type float64'),
    );
  }
}

/** Numbers that operations do not write as plain integers, by where they put them. */
function patchedLiterals(body: Uint8Array, operations: readonly JsonValue[]): ReadonlyMap<string, string> {
  const literals = new Map<string, string>();
  const text = Buffer.from(body).toString('utf8');
  if (!oddNumber.test(text)) return literals;
  parseJson(text, {
    onNumber([index, name, ...deeper], literal) {
      const operation = typeof index === 'number' ? operations[index] : undefined;
      if (name !== 'value' || !isJsonObject(operation) || !isTold(literal)) return;
      const { op, path } = operation;
      if (typeof path !== 'string' || (op !== 'add' && op !== 'replace')) return;
      const steps = path.split('/').slice(1);
      const target = steps.map((step) =>
        /^\d+$/.test(step) ? Number(step) : step.replaceAll('~1', '/').replaceAll('~0', '~'),
      );
      literals.set(formatJsonPath([...target, ...deeper]), literal);
    },
  });
  return literals;
}

/** @throws StatusError 400 for a field that is no text, as decoding operations words that */
function checkOperationTexts(operations: readonly JsonValue[]): void {
  for (const [field, value] of operations.flatMap(
    (operation) => Object.entries(operation ?? {}) as [string, JsonValue][],
  )) {
    if (!operationTexts.has(field) || typeof value === 'string' || value === null) continue;
    const where = `Go struct field jsonPatchOp.${field} of type string`;
    throw badRequest(`${decodingPatch}json: cannot unmarshal ${describeJsonKind(value)} into ${where}`);
  }
}

const operationTexts: ReadonlySet<string> = new Set(['op', 'path', 'from']);

/** What an operation of a JSON patch has (RFC 6902). */
const operationFields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

function readMergePatch(body: Uint8Array, _resource: ApiResource, isLenient: boolean): ParsedPatch {
  if (isLenient) return readLenientMergePatch(body);
  const { value, strictErrors } = readPatchJson(body);
  if (value === null) throw badRequest('Invalid JSON Patch');
  if (!isJsonObject(value)) throw wrongShape(value, 'map[string]interface {}');
  const numberLiterals = literalsOf(body);
  return { value, strictErrors, numberLiterals, applyTo: (document) => applyJsonMergePatch(document, value) };
}

/** Without a look at it beforehand a list takes the place of the document (RFC 7396), to be refused as that. */
function readLenientMergePatch(body: Uint8Array): ParsedPatch {
  let value: JsonValue = null;
  try {
    value = parseJson(body, { maxDepth: mostNesting });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
  }
  if (Array.isArray(value)) return { value, strictErrors: [], applyTo: () => value };
  if (!isJsonObject(value)) throw badRequest('Invalid JSON Patch');
  const patch = value;
  const numberLiterals = literalsOf(body);
  return { value, strictErrors: [], numberLiterals, applyTo: (document) => applyJsonMergePatch(document, patch) };
}

/** A number with a point, an exponent or many digits, or something within a text that looks like one. */
const oddNumber = /[:,[\s]-?(?:\d+[.eE]|\d{16})/;

/** Numbers that are not written as plain integers: such a patch keeps them, and `1.0` is no integer to Go. */
function literalsOf(body: Uint8Array): ReadonlyMap<string, string> {
  const literals = new Map<string, string>();
  const text = Buffer.from(body).toString('utf8');
  if (oddNumber.test(text)) parseJson(text, { onNumber: notingLiterals(literals) });
  return literals;
}

function readStrategicPatch(body: Uint8Array, resource: ApiResource): ParsedPatch {
  const { value: parsed, strictErrors } = readPatchJson(body, '');
  const value = parsed ?? {};
  if (!isJsonObject(value)) throw wrongShape(value, 'map[string]interface {}', '');
  const schema = resolveSchema({ ref: resource.definition.type }, resource.types);
  const floats = new Map(
    [...literalsOf(body)]
      .filter(([, literal]) => /[.eE]/.test(literal))
      .map(([path, literal]) => [path, Number(literal)]),
  );
  let shown = value;
  return {
    value,
    strictErrors,
    sortsUnknownFields: true,
    keepsKind: true,
    isConverted: true,
    floats,
    applyTo(document) {
      try {
        return applyStrategicMergePatch(document, value, schema, resource.types, (spent) => {
          shown = spent;
        });
      } catch (error) {
        if (error instanceof StrategicMergePatchError) throw strategicPatchRefusal(error.message);
        throw error;
      }
    },
    refusal: (message) => ({ shown: formatPatch(shown, floats), message: converterMessage(message) }),
  };
}

/** What is wrong with the form of a patch, as opposed to what no one has thought of. */
const badForms: ReadonlySet<string> = new Set([
  'invalid JSON document',
  'invalid patch format of primitive list',
  'invalid patch format of retainKeys',
  'invalid patch format of setElementOrder list',
  'strategic merge patch format is not supported',
]);

function strategicPatchRefusal(message: string): StatusError {
  if (badForms.has(message)) return badRequest(message);
  if (message !== 'lists of lists are not supported') return new StatusError({ message, code: 500 });
  const text = 'the server rejected our request due to an error in our request';
  return new StatusError({ message: text, code: 422, reason: 'Invalid', details: {} });
}

/** A patch as Go prints it, with what is written as a floating point number as one. */
function formatPatch(
  value: JsonValue,
  floats: ReadonlyMap<string, number>,
  path: readonly (string | number)[] = [],
): string {
  if (Array.isArray(value))
    return `[${value.map((item, index) => formatPatch(item, floats, [...path, index])).join(' ')}]`;
  if (isJsonObject(value)) {
    const members = sortedKeys(value).map((key) => `${key}:${formatPatch(value[key] ?? null, floats, [...path, key])}`);
    return `map[${members.join(' ')}]`;
  }
  return typeof value === 'number' && floats.has(formatJsonPath(path)) ? formatGoFloat(value) : formatGoValue(value);
}

function readApplyPatch(body: Uint8Array): ParsedPatch {
  try {
    const { value, strictErrors } = decodeYaml(body);
    if (value !== null && !isJsonObject(value)) {
      throw badRequest(
        'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ' +
          `${describeJsonKind(value)} into Go value of type map[string]interface {}`,
      );
    }
    return {
      value: value ?? {},
      // One for each key that stands twice, without the line that decoders of objects put before them.
      strictErrors: strictErrors.flatMap((text) =>
        text
          .split('\n')
          .slice(1)
          .map((line) => line.trim()),
      ),
      applyTo() {
        throw new Error('a server-side apply is merged by field management');
      },
    };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
}

const decodingPatch = 'error decoding patch: ';

function readPatchJson(
  body: Uint8Array,
  prefix = decodingPatch,
): { readonly value: JsonValue; readonly strictErrors: string[] } {
  const strictErrors: string[] = [];
  const value = parsePatch(body, prefix, {
    onDuplicateKey: (path) => strictErrors.push(`duplicate field ${goQuote(formatJsonPath(path))}`),
  });
  return { value, strictErrors };
}

function parsePatch(body: Uint8Array, prefix: string, options: ParseJsonOptions): JsonValue {
  // A mark of byte order, which decoders of texts pass over.
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) {
    throw badRequest(`${prefix}invalid character 'ï' looking for beginning of value`);
  }
  try {
    return parseJson(body, { ...options, maxDepth: mostNesting });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw badRequest(`${prefix}${error.message}`);
  }
}

function wrongShape(value: JsonValue, goType: string, prefix = decodingPatch): StatusError {
  return badRequest(`${prefix}json: cannot unmarshal ${describeJsonKind(value)} into Go value of type ${goType}`);
}

/** What the real server says when an operation does not apply. */
function unprocessable(): StatusError {
  return new StatusError({
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
    code: 422,
  });
}
