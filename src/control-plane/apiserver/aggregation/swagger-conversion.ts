import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';

const methods: ReadonlySet<string> = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);

/**
 * Makes an OpenAPI 3.0 document of one of Swagger 2.0, for servers that publish nothing newer: bodies and answers get
 * their media types, types of parameters become schemas, what all share moves under `components`.
 */
export function openApi3Of(swagger: JsonObject): JsonObject {
  const { info, paths, definitions, responses, securityDefinitions, produces, externalDocs } = swagger;
  const components: JsonObject = {
    ...(isJsonObject(definitions) ? { schemas: mapValues(definitions, schemaOf) } : {}),
    ...(isJsonObject(responses) ? { responses: mapValues(responses, (item) => responseOf(item, produces)) } : {}),
    ...(isJsonObject(securityDefinitions) ? { securitySchemes: mapValues(securityDefinitions, securityOf) } : {}),
  };
  return {
    openapi: '3.0.0',
    ...given('info', info),
    ...given('externalDocs', externalDocs),
    paths: isJsonObject(paths) ? mapValues(paths, pathOf) : {},
    components,
  };
}

function pathOf(path: JsonValue): JsonValue {
  if (!isJsonObject(path)) return path;
  return mapValues(path, (member, name) => {
    if (methods.has(name)) return operationOf(member);
    return name === 'parameters' && Array.isArray(member) ? member.map(parameterOf) : member;
  });
}

function operationOf(operation: JsonValue): JsonValue {
  if (!isJsonObject(operation)) return operation;
  const { consumes, produces, parameters, responses, schemes: _schemes, ...rest } = operation;
  const all = Array.isArray(parameters) ? parameters.filter(isJsonObject) : [];
  const body = all.find(isBody);
  const others = all.filter((parameter) => !isBody(parameter)).map(parameterOf);
  return {
    ...rest,
    ...(others.length === 0 ? {} : { parameters: others }),
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body['schema'] ?? {}, consumes) } }),
    responses: isJsonObject(responses) ? mapValues(responses, (response) => responseOf(response, produces)) : {},
  };
}

function isBody({ name, schema }: JsonObject): boolean {
  return name === 'body' && schema !== undefined;
}

function responseOf(response: JsonValue, produces: JsonValue | undefined): JsonValue {
  if (!isJsonObject(response)) return response;
  const { schema, $ref: ref, ...rest } = response;
  return {
    ...rest,
    ...(typeof ref === 'string' ? { $ref: ref.replace('#/responses/', '#/components/responses/') } : {}),
    ...(schema === undefined ? {} : { content: contentOf(schema, produces) }),
  };
}

function contentOf(schema: JsonValue, mediaTypes: JsonValue | undefined): JsonObject {
  const names = Array.isArray(mediaTypes) ? mediaTypes.map(String) : [];
  return Object.fromEntries(names.map((name) => [name, { schema: schemaOf(schema) }]));
}

function parameterOf(parameter: JsonValue): JsonValue {
  if (!isJsonObject(parameter)) return parameter;
  const { type, format, uniqueItems, schema, $ref: ref, ...rest } = parameter;
  if (typeof ref === 'string') return { $ref: ref.replace('#/parameters/', '#/components/parameters/') };
  const simple = { ...given('type', type), ...given('format', format), ...given('uniqueItems', uniqueItems) };
  return { ...rest, schema: schema === undefined ? simple : schemaOf(schema) };
}

function securityOf(scheme: JsonValue): JsonValue {
  if (!isJsonObject(scheme)) return scheme;
  const { flow, authorizationUrl, tokenUrl, scopes, ...rest } = scheme;
  if (typeof flow !== 'string') return rest;
  const how = {
    ...given('authorizationUrl', authorizationUrl),
    ...given('tokenUrl', tokenUrl),
    ...given('scopes', scopes),
  };
  return { ...rest, flows: { [flow]: how } };
}

/** A reference has nothing beside it in OpenAPI 3.0: what stood there goes around it. */
function schemaOf(schema: JsonValue): JsonValue {
  if (!isJsonObject(schema)) return schema;
  const converted = mapValues(schema, (member, name) => {
    if (name === 'properties' && isJsonObject(member)) return mapValues(member, schemaOf);
    if (name === 'items' || name === 'additionalProperties' || name === 'additionalItems') {
      return Array.isArray(member) ? member.map(schemaOf) : schemaOf(member);
    }
    return member;
  });
  const { $ref: ref, ...beside } = converted;
  if (typeof ref !== 'string') return converted;
  const target = { $ref: ref.replace('#/definitions/', '#/components/schemas/') };
  return Object.keys(beside).length === 0 ? target : { ...beside, allOf: [target] };
}

function mapValues(object: JsonObject, change: (value: JsonValue, name: string) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

function given(name: string, value: JsonValue | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}
