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
  itemsOf,
  many,
  type Message,
  named,
  nested,
  one,
  text,
  texts,
  wrapped,
  writeMembers,
  writeNamed,
} from './document-protobuf.ts';

const reference = one(() => ({ $ref: [1, text], summary: [2, text], description: [3, text] }));

/** Something, or a reference to it. */
const orReference =
  (field: FieldWriter): FieldWriter =>
  (writer, number, value) =>
    nested(writer, number, () => (isReference(value) ? reference(writer, 2, value) : field(writer, 1, value)));

const schema: FieldWriter = orReference(one(() => schemaMessage, 36));
const schemas = many(schema);

/** A default is a text, a number or a boolean; of others only that there is one has a form. */
const defaultValue: FieldWriter = (writer, number, value) => {
  nested(writer, number, () => {
    if (isJsonObject(value) || Array.isArray(value) || value === null) return;
    if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
    else if (typeof value === 'string') writer.tag(3, WireType.LengthDelimited).string(value);
    else writer.tag(1, WireType.Bit64).double(Number(value));
  });
};

const schemaMessage: Message = {
  nullable: [1, flag],
  readOnly: [3, flag],
  writeOnly: [4, flag],
  externalDocs: [6, one(() => ({ description: [1, text], url: [2, text] }), 3)],
  example: [7, anything],
  deprecated: [8, flag],
  title: [9, text],
  multipleOf: [10, float],
  maximum: [11, float],
  exclusiveMaximum: [12, flag],
  minimum: [13, float],
  exclusiveMinimum: [14, flag],
  maxLength: [15, integer],
  minLength: [16, integer],
  pattern: [17, text],
  maxItems: [18, integer],
  minItems: [19, integer],
  uniqueItems: [20, flag],
  maxProperties: [21, integer],
  minProperties: [22, integer],
  required: [23, texts],
  enum: [24, anythings],
  type: [25, text],
  allOf: [26, schemas],
  oneOf: [27, schemas],
  anyOf: [28, schemas],
  not: [29, one(() => schemaMessage, 36)],
  items: [30, wrapped(1, (writer, number, value) => (Array.isArray(value) ? schemas : schema)(writer, number, value))],
  properties: [31, named(schema)],
  additionalProperties: [
    32,
    (writer, number, value) =>
      nested(writer, number, () => {
        if (typeof value === 'boolean') writer.tag(2, WireType.Varint).bool(value);
        else schema(writer, 1, value);
      }),
  ],
  default: [33, defaultValue],
  description: [34, text],
  format: [35, text],
};

const content = named(one(() => ({ schema: [1, schema], example: [2, anything] }), 5));
const parameter = orReference(
  one(
    () => ({
      name: [1, text],
      in: [2, text],
      description: [3, text],
      required: [4, flag],
      deprecated: [5, flag],
      allowEmptyValue: [6, flag],
      style: [7, text],
      explode: [8, flag],
      allowReserved: [9, flag],
      schema: [10, schema],
      example: [11, anything],
      content: [13, content],
    }),
    14,
  ),
);
const requestBody = orReference(one(() => ({ description: [1, text], content: [2, content], required: [3, flag] }), 4));
const response = orReference(one(() => ({ description: [1, text], content: [3, content] }), 5));

/** Answers by their codes, of which the default one has a member of its own. */
const responses: FieldWriter = (writer, number, value) =>
  nested(writer, number, () => {
    if (!isJsonObject(value)) return;
    const { default: other, ...byCode } = value;
    if (other !== undefined) response(writer, 1, other);
    writeNamed(writer, 2, byCode, response);
  });

/** Ways to prove who one is, each with the scopes that it takes. */
const security: FieldWriter = (writer, number, value) => {
  for (const item of itemsOf(value)) named(one(() => ({ value: [1, texts] })))(writer, number, scopesOf(item));
};

function scopesOf(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, scopes]) => [name, { value: scopes }]));
}

const operation = one(
  () => ({
    tags: [1, texts],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, many(parameter)],
    requestBody: [7, requestBody],
    responses: [8, responses],
    deprecated: [10, flag],
    security: [11, security],
  }),
  13,
);

const pathItem = one(
  () => ({
    $ref: [1, text],
    summary: [2, text],
    description: [3, text],
    get: [4, operation],
    put: [5, operation],
    post: [6, operation],
    delete: [7, operation],
    options: [8, operation],
    head: [9, operation],
    patch: [10, operation],
    trace: [11, operation],
    parameters: [13, many(parameter)],
  }),
  14,
);

const securityScheme = orReference(
  one(
    () => ({
      type: [1, text],
      description: [2, text],
      name: [3, text],
      in: [4, text],
      scheme: [5, text],
      bearerFormat: [6, text],
      openIdConnectUrl: [8, text],
    }),
    9,
  ),
);

const components = one(
  () => ({
    schemas: [1, named(schema)],
    responses: [2, named(response)],
    parameters: [3, named(parameter)],
    requestBodies: [5, named(requestBody)],
    securitySchemes: [7, named(securityScheme)],
  }),
  10,
);

const document: Message = {
  openapi: [1, text],
  info: [2, one(() => ({ title: [1, text], description: [2, text], version: [6, text], summary: [8, text] }), 7)],
  paths: [4, named(pathItem)],
  components: [5, components],
  security: [6, security],
};

/**
 * An OpenAPI 3.0 document as the `openapi.v3.Document` message of gnostic, which clients in Go may ask for. What
 * Kubernetes' documents do not have (servers, links, callbacks, headers, XML, discriminators) is left out.
 */
export function openApiV3AsProtobuf(openApi: JsonObject): Uint8Array {
  const writer = new BinaryWriter();
  writeMembers(writer, openApi, document, 9);
  return writer.finish();
}
