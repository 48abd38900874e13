import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

/** Field names of the server's internal types, with the keyword and the value for nothing; messages show them. */
type Fields = readonly (readonly [field: string, keyword: string, nothing: JsonValue, convert?: Convert])[];
type Convert = (value: JsonValue) => JsonValue;

function convertFields(value: JsonValue, fields: Fields): JsonObject {
  const object = isJsonObject(value) ? value : {};
  const converted: JsonObject = {};
  for (const [field, keyword, nothing, convert] of fields) {
    const own = Object.hasOwn(object, keyword) ? object[keyword] : undefined;
    converted[field] = own === undefined || own === null ? nothing : convert === undefined ? own : convert(own);
  }
  return converted;
}

const schemas: Convert = (value) => (Array.isArray(value) ? value.map((item) => internalSchema(item)) : value);
const named: Convert = (value) =>
  isJsonObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, internalSchema(item)]))
    : value;
const schemaOrBool: Convert = (value) =>
  typeof value === 'boolean' ? { Allows: value, Schema: null } : { Allows: true, Schema: internalSchema(value) };
const schemaOrArray: Convert = (value) =>
  Array.isArray(value)
    ? { Schema: null, JSONSchemas: schemas(value) }
    : { Schema: internalSchema(value), JSONSchemas: null };

const ruleFields: Fields = [
  ['Rule', 'rule', ''],
  ['Message', 'message', ''],
  ['MessageExpression', 'messageExpression', ''],
  ['Reason', 'reason', null],
  ['FieldPath', 'fieldPath', ''],
  ['OptionalOldSelf', 'optionalOldSelf', null],
];

const schemaFields: Fields = [
  ['ID', 'id', ''],
  ['Schema', '$schema', ''],
  ['Ref', '$ref', null],
  ['Description', 'description', ''],
  ['Type', 'type', ''],
  ['Nullable', 'nullable', false],
  ['Format', 'format', ''],
  ['Title', 'title', ''],
  ['Default', 'default', null],
  ['Maximum', 'maximum', null],
  ['ExclusiveMaximum', 'exclusiveMaximum', false],
  ['Minimum', 'minimum', null],
  ['ExclusiveMinimum', 'exclusiveMinimum', false],
  ['MaxLength', 'maxLength', null],
  ['MinLength', 'minLength', null],
  ['Pattern', 'pattern', ''],
  ['MaxItems', 'maxItems', null],
  ['MinItems', 'minItems', null],
  ['UniqueItems', 'uniqueItems', false],
  ['MultipleOf', 'multipleOf', null],
  ['Enum', 'enum', null],
  ['MaxProperties', 'maxProperties', null],
  ['MinProperties', 'minProperties', null],
  ['Required', 'required', null],
  ['Items', 'items', null, schemaOrArray],
  ['AllOf', 'allOf', null, schemas],
  ['OneOf', 'oneOf', null, schemas],
  ['AnyOf', 'anyOf', null, schemas],
  ['Not', 'not', null, internalSchema],
  ['Properties', 'properties', null, named],
  ['AdditionalProperties', 'additionalProperties', null, schemaOrBool],
  ['PatternProperties', 'patternProperties', null, named],
  ['Dependencies', 'dependencies', null],
  ['AdditionalItems', 'additionalItems', null, schemaOrBool],
  ['Definitions', 'definitions', null, named],
  ['ExternalDocs', 'externalDocs', null],
  ['Example', 'example', null],
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', null],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', false],
  ['XIntOrString', 'x-kubernetes-int-or-string', false],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', null],
  ['XListType', 'x-kubernetes-list-type', null],
  ['XMapType', 'x-kubernetes-map-type', null],
  [
    'XValidations',
    'x-kubernetes-validations',
    null,
    (rules) => (Array.isArray(rules) ? rules.map(internalRule) : rules),
  ],
];

/** A rule as the server's messages show it. */
export function internalRule(rule: JsonValue): JsonObject {
  return convertFields(rule, ruleFields);
}

/** A schema as the server's messages show it. */
export function internalSchema(schema: JsonValue): JsonObject {
  return convertFields(schema, schemaFields);
}

const columnFields: Fields = [
  ['Name', 'name', ''],
  ['Type', 'type', ''],
  ['Format', 'format', ''],
  ['Description', 'description', ''],
  ['Priority', 'priority', 0],
  ['JSONPath', 'jsonPath', ''],
];

const subresourceFields: Fields = [
  ['Status', 'status', null],
  [
    'Scale',
    'scale',
    null,
    (scale) =>
      convertFields(scale, [
        ['SpecReplicasPath', 'specReplicasPath', ''],
        ['StatusReplicasPath', 'statusReplicasPath', ''],
        ['LabelSelectorPath', 'labelSelectorPath', null],
      ]),
  ],
];

/** A version as the server's messages show it. */
export function internalVersion(version: JsonValue): JsonObject {
  return convertFields(version, [
    ['Name', 'name', ''],
    ['Served', 'served', false],
    ['Storage', 'storage', false],
    ['Deprecated', 'deprecated', false],
    ['DeprecationWarning', 'deprecationWarning', null],
    [
      'Schema',
      'schema',
      null,
      (schema) => convertFields(schema, [['OpenAPIV3Schema', 'openAPIV3Schema', null, internalSchema]]),
    ],
    ['Subresources', 'subresources', null, (value) => convertFields(value, subresourceFields)],
    [
      'AdditionalPrinterColumns',
      'additionalPrinterColumns',
      null,
      (columns) => (Array.isArray(columns) ? columns.map((column) => convertFields(column, columnFields)) : columns),
    ],
    [
      'SelectableFields',
      'selectableFields',
      null,
      (fields) =>
        Array.isArray(fields) ? fields.map((field) => convertFields(field, [['JSONPath', 'jsonPath', '']])) : fields,
    ],
  ]);
}
