import type { JsonObject } from '../../../apimachinery/json.ts';
import { type ApiPath, consumedMediaTypes, type ContentType, type Operation, orderedOperations } from './operations.ts';
import type { Parameter } from './parameters.ts';

/** The `paths` of an OpenAPI v3 document, sorted. */
export function renderPathsV3(paths: readonly ApiPath[]): JsonObject {
  const rendered: JsonObject = {};
  for (const path of paths.toSorted((left, right) => (left.path < right.path ? -1 : 1))) {
    const shared = sharedParameters(path);
    const item: JsonObject = {};
    for (const operation of orderedOperations(path)) item[operation.method] = renderOperation(operation, shared);
    if (shared.size > 0) item['parameters'] = sortedParameters([...shared.values()]).map(renderParameter);
    rendered[path.path] = item;
  }
  return rendered;
}

/** What every operation of a path takes stands at the path, by name and place. */
export function sharedParameters({ operations }: ApiPath): ReadonlyMap<string, Parameter> {
  const [first, ...rest] = operations;
  const shared = (first?.parameters ?? []).filter((parameter) =>
    rest.every(({ parameters }) => parameters.some((other) => isSameParameter(parameter, other))),
  );
  return new Map(shared.map((parameter) => [parameterKey(parameter), parameter]));
}

/** Key of a parameter within its operation. */
export function parameterKey({ name, in: place }: Parameter): string {
  return `${place} ${name}`;
}

function isSameParameter(left: Parameter, right: Parameter): boolean {
  return parameterKey(left) === parameterKey(right) && left.description === right.description;
}

/** By name, then path before query. */
export function sortedParameters(parameters: readonly Parameter[]): Parameter[] {
  return parameters.toSorted((left, right) => {
    if (left.name !== right.name) return left.name < right.name ? -1 : 1;
    return left.in < right.in ? -1 : 1;
  });
}

function renderParameter({ name, in: place, type, description }: Parameter): JsonObject {
  return {
    name,
    in: place,
    ...(description === '' ? {} : { description }),
    ...(place === 'path' ? { required: true } : {}),
    schema: { type, uniqueItems: true },
  };
}

function renderOperation(operation: Operation, shared: ReadonlyMap<string, Parameter>): JsonObject {
  const own = operation.parameters.filter((parameter) => !shared.has(parameterKey(parameter)));
  const { body, action, gvk } = operation;
  return {
    tags: [...operation.tags],
    description: operation.description,
    operationId: operation.id,
    ...(own.length === 0 ? {} : { parameters: sortedParameters(own).map(renderParameter) }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: renderContent(consumedMediaTypes(operation), { type: body.type }),
            ...(body.required ? { required: true } : {}),
          },
        }),
    responses: renderResponses(operation),
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': { ...gvk } }),
  };
}

function renderResponses({ responses, produces }: Operation): JsonObject {
  const rendered: JsonObject = {};
  for (const [code, { description, content }] of Object.entries(responses)) {
    rendered[code] = { description, ...(content === undefined ? {} : { content: renderContent(produces, content) }) };
  }
  return rendered;
}

function renderContent(mediaTypes: readonly string[], content: ContentType): JsonObject {
  const schema = content === 'string' ? { type: 'string' } : { $ref: `#/components/schemas/${content.type}` };
  return Object.fromEntries(mediaTypes.toSorted().map((mediaType) => [mediaType, { schema }]));
}
