import { inFieldOrder, stringifyGoJson } from '../../../apimachinery/go-json.ts';
import type { GroupVersionKind } from '../../../apimachinery/gvk.ts';
import type { JsonObject, JsonValue } from '../../../apimachinery/json.ts';
import { type ApiPath, consumedMediaTypes, type ContentType, type Operation, orderedOperations } from './operations.ts';
import type { Parameter } from './parameters.ts';
import { parameterKey, sharedParameters, sortedParameters } from './paths-v3.ts';

/** The `paths` of a Swagger 2.0 document, and the `parameters` that many of them refer to. */
export function renderPathsV2(paths: readonly ApiPath[]): {
  readonly paths: JsonObject;
  readonly parameters: JsonObject;
} {
  const pool = new ParameterPool();
  const rendered: JsonObject = {};
  for (const path of paths.toSorted((left, right) => (left.path < right.path ? -1 : 1))) {
    const shared = sharedParameters(path);
    const item: JsonObject = {};
    for (const operation of orderedOperations(path)) item[operation.method] = renderOperation(operation, shared, pool);
    if (shared.size > 0) item['parameters'] = sortedParameters([...shared.values()]).map((own) => pool.refer(own));
    rendered[path.path] = item;
  }
  return { paths: rendered, parameters: pool.parameters() };
}

/** What kubectl until 1.27 looks for at operations themselves, to see whether the server knows it. */
const unsharedQueries: ReadonlySet<string> = new Set(['dryRun', 'fieldValidation']);

/** Parameters are written once and referred to, unless they name a kind or clients look for them. */
class ParameterPool {
  readonly #known = new Map<string, JsonObject>();
  /** Names by what they were made of: hashing takes long. */
  readonly #names = new Map<string, string>();

  refer(parameter: Parameter): JsonObject {
    const { name, in: place, type, description } = parameter;
    const written = {
      uniqueItems: true,
      type,
      ...(description === '' ? {} : { description }),
      name,
      in: place,
      ...(place === 'path' ? { required: true } : {}),
    };
    const isUnshared = place === 'path' ? name === 'name' : unsharedQueries.has(name);
    return isUnshared ? written : this.#add(name, written);
  }

  /** A body without a kind of its own. */
  referBody(body: JsonObject): JsonObject {
    return this.#add('body', body);
  }

  parameters(): JsonObject {
    return Object.fromEntries([...this.#known].toSorted(([left], [right]) => (left < right ? -1 : 1)));
  }

  #add(name: string, written: JsonObject): JsonObject {
    const text = stringifyGoJson(inFieldOrder(written));
    const key = this.#names.get(text) ?? `${name}-${shortHash(text)}`;
    this.#names.set(text, key);
    this.#known.set(key, written);
    return { $ref: `#/parameters/${key}` };
  }
}

/** The first eight characters of base64 of a text's FNV-1 hash (64 bits), by which the real server names parameters. */
function shortHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const octet of Buffer.from(text, 'utf8')) {
    hash = BigInt.asUintN(64, hash * 0x100000001b3n) ^ BigInt(octet);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(hash);
  return bytes.subarray(0, 6).toString('base64url');
}

function renderOperation(
  operation: Operation,
  shared: ReadonlyMap<string, Parameter>,
  pool: ParameterPool,
): JsonObject {
  const { body, action, gvk } = operation;
  const own = sortedParameters(operation.parameters.filter((parameter) => !shared.has(parameterKey(parameter))));
  const parameters = [...renderBody(body, pool), ...own.map((parameter) => pool.refer(parameter))];
  const isConnect = action === 'connect';
  const consumes = consumedMediaTypes(operation);
  return {
    description: operation.description,
    ...(consumes.length === 0 ? {} : { consumes: [...consumes] }),
    produces: [...operation.produces],
    schemes: ['https'],
    tags: [...operation.tags],
    operationId: operation.id,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: renderResponses(operation),
    ...(action === undefined && !isConnect ? {} : { 'x-kubernetes-action': action ?? '' }),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': renderKind(gvk) }),
  };
}

/** The aggregator's own document is merged as it is, those of others once they are written and read. */
function renderKind({ group, version, kind }: GroupVersionKind): JsonObject {
  return group === 'apiregistration.k8s.io' ? { group, version, kind } : { group, kind, version };
}

function renderBody(body: Operation['body'], pool: ParameterPool): JsonObject[] {
  if (body === undefined) return [];
  const written = {
    name: 'body',
    in: 'body',
    ...(body.required ? { required: true } : {}),
    schema: { $ref: `#/definitions/${body.type}` },
  };
  const isCommon = body.isPatch || !body.required;
  return [isCommon ? pool.referBody(written) : written];
}

function renderResponses({ responses }: Operation): JsonObject {
  const rendered: JsonObject = {};
  for (const [code, { description, content }] of Object.entries(responses)) {
    rendered[code] = { description, ...(content === undefined ? {} : { schema: schemaOf(content) }) };
  }
  return rendered;
}

function schemaOf(content: ContentType): JsonValue {
  return content === 'string' ? { type: 'string' } : { $ref: `#/definitions/${content.type}` };
}
