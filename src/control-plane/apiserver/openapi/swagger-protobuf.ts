import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import {
  anything,
  anythings,
  type FieldWriter,
  flag,
  float,
  integer,
  isReference,
  many,
  type Message,
  named,
  nested,
  one,
  text,
  texts,
  wrapped,
  writeMembers,
} from './document-protobuf.ts';

const schema = one(() => schemaMessage, 31);
const parameter: FieldWriter = (writer, number, value) =>
  nested(writer, number, () => {
    const place = isJsonObject(value) ? value['in'] : undefined;
    if (place === 'body') bodyParameter(writer, 1, value);
    else
      nested(writer, 2, () =>
        (parameterKinds[typeof place === 'string' ? place : ''] ?? queryParameter)(writer, value),
      );
  });
/** A parameter, or a reference to one. */
const parameterItem: FieldWriter = (writer, number, value) =>
  nested(writer, number, () => (isReference(value) ? reference : parameter)(writer, isReference(value) ? 2 : 1, value));
const response: FieldWriter = (writer, number, value) =>
  nested(writer, number, () => {
    if (isReference(value)) reference(writer, 2, value);
    else one(() => responseMessage, 5)(writer, 1, value);
  });
const reference = one(() => ({ $ref: [1, text], description: [2, text] }));
const schemaMessage: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, anything],
  multipleOf: [6, float],
  maximum: [7, float],
  exclusiveMaximum: [8, flag],
  minimum: [9, float],
  exclusiveMinimum: [10, flag],
  maxLength: [11, integer],
  minLength: [12, integer],
  pattern: [13, text],
  maxItems: [14, integer],
  minItems: [15, integer],
  uniqueItems: [16, flag],
  maxProperties: [17, integer],
  minProperties: [18, integer],
  required: [19, texts],
  enum: [20, anythings],
  additionalProperties: [
    21,
    (writer, number, value) =>
      nested(writer, number, () => {
        if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
        else schema(writer, 1, value);
      }),
  ],
  type: [22, wrapped(1, (writer, number, value) => texts(writer, number, typeof value === 'string' ? [value] : value))],
  items: [
    23,
    wrapped(1, (writer, number, value) => (Array.isArray(value) ? many(schema) : schema)(writer, number, value)),
  ],
  allOf: [24, many(schema)],
  properties: [25, (writer, number, value) => named(schema)(writer, number, value)],
  discriminator: [26, text],
  readOnly: [27, flag],
  example: [30, anything],
};

const responseMessage: Message = {
  description: [1, text],
  schema: [2, wrapped(1, schema)],
};

const bodyParameter = one(
  () => ({ description: [1, text], name: [2, text], in: [3, text], required: [4, flag], schema: [5, schema] }),
  6,
);

/** Members that parameters in queries, paths and headers share; from the type on they are numbered from `first`. */
function plainParameter(first: number): Message {
  const rest: readonly (readonly [string, FieldWriter])[] = [
    ['type', text],
    ['format', text],
    ['items', one(() => primitiveItems)],
    ['collectionFormat', text],
    ['default', anything],
    ['maximum', float],
    ['exclusiveMaximum', flag],
    ['minimum', float],
    ['exclusiveMinimum', flag],
    ['maxLength', integer],
    ['minLength', integer],
    ['pattern', text],
    ['maxItems', integer],
    ['minItems', integer],
    ['uniqueItems', flag],
    ['enum', anythings],
    ['multipleOf', float],
  ];
  return Object.fromEntries(rest.map(([name, field], index) => [name, [first + index, field] as const]));
}

const primitiveItems: Message = plainParameter(1);
const aboutParameter: Message = { required: [1, flag], in: [2, text], description: [3, text], name: [4, text] };
const emptyAllowed: Message = { allowEmptyValue: [5, flag] };
const withEmpty: Message = { ...aboutParameter, ...emptyAllowed, ...plainParameter(6) };
const withoutEmpty: Message = { ...aboutParameter, ...plainParameter(5) };

const queryParameter = (writer: BinaryWriter, value: JsonValue): void => one(() => withEmpty, 23)(writer, 3, value);
const parameterKinds: Readonly<Record<string, (writer: BinaryWriter, value: JsonValue) => void>> = {
  header: (writer, value) => one(() => withoutEmpty, 22)(writer, 1, value),
  formData: (writer, value) => one(() => withEmpty, 23)(writer, 2, value),
  query: queryParameter,
  path: (writer, value) => one(() => withoutEmpty, 22)(writer, 4, value),
};

const securityRequirement = one(() => ({}));
const operation = one(
  () => ({
    tags: [1, texts],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    produces: [6, texts],
    consumes: [7, texts],
    parameters: [8, many(parameterItem)],
    responses: [9, named(response)],
    schemes: [10, texts],
    deprecated: [11, flag],
  }),
  13,
);

const pathItem = one(
  () => ({
    $ref: [1, text],
    get: [2, operation],
    put: [3, operation],
    post: [4, operation],
    delete: [5, operation],
    options: [6, operation],
    head: [7, operation],
    patch: [8, operation],
    parameters: [9, many(parameterItem)],
  }),
  10,
);

/** Only keys are described so: that is all there is here. */
const apiKeySecurity: FieldWriter = (writer, number, value) =>
  nested(writer, number, () =>
    one(() => ({ type: [1, text], name: [2, text], in: [3, text], description: [4, text] }), 5)(writer, 2, value),
  );

const document: Message = {
  swagger: [1, text],
  info: [2, one(() => ({ title: [1, text], version: [2, text], description: [3, text] }), 7)],
  schemes: [5, texts],
  consumes: [6, texts],
  produces: [7, texts],
  paths: [8, named(pathItem, 2)],
  definitions: [9, named(schema)],
  parameters: [10, named(parameter)],
  security: [
    12,
    many((writer, number, value) => {
      if (!isJsonObject(value)) return securityRequirement(writer, number, value);
      return named(wrapped(1, () => undefined))(writer, number, value);
    }),
  ],
  securityDefinitions: [13, named(apiKeySecurity)],
};

/**
 * A Swagger 2.0 document as the `openapi.v2.Document` message of gnostic, which clients in Go ask for. What Kubernetes'
 * documents do not have (XML, OAuth, files, headers, examples) is left out.
 */
export function swaggerAsProtobuf(swagger: JsonObject): Uint8Array {
  const writer = new BinaryWriter();
  writeMembers(writer, swagger, document, 16);
  return writer.finish();
}
