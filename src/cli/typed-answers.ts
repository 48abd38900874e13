import type { TypedDocument, TypedHead } from '../apimachinery/decoding/typed-document.ts';
import { parseGroupVersion } from '../apimachinery/gvk.ts';
import { header } from '../apimachinery/http.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { parseJson } from '../apimachinery/json-codec.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import { jsonMediaType, mediaTypeOf } from '../client/answer-media-type.ts';
import { NoObjectAnswerError } from '../client/answered-object.ts';
import type { AnswerReader, ClientResponse } from '../client/client.ts';
import { metadataMisfit } from '../resource/metadata-misfit.ts';
import type { CommandContext } from './command.ts';
import { knownTypeOf, kubectlScheme, typesAround } from './known-types.ts';

/** The scheme of the typed clients, as messages name it. */
const clientScheme = 'k8s.io/client-go/kubernetes/scheme/register.go:82';

/** An object that is sent, or kind and version of the one that is asked for. */
type Asked = Pick<Unstructured, 'apiVersion' | 'kind'> & object;

/**
 * Reads answers as client-go's typed clients do: what does not say what it is is what was asked for, what is of another
 * kind leaves an empty object, and what does not fit its type is refused.
 */
export function typedAnswers(asked: Asked, context: CommandContext): AnswerReader {
  return async (response) => {
    const { body, status, headers } = response;
    const media = readableType(response, protobufType);
    if (body.length === 0) {
      const type = header(headers, 'content-type') ?? '';
      throw new NoObjectAnswerError(`0-length response with status code: ${status} and content type: ${type}`);
    }
    const fitting = media === jsonMediaType ? (echoOf(response, asked) ?? wholeOf(response, asked)) : undefined;
    if (fitting !== undefined) return fitting;
    const { apiVersion, kind } = asked;
    const wanted = { ...parseGroupVersion(apiVersion), kind, apiVersion };
    const object = await decoded(await documentOf(response, media), wanted, clientScheme, context);
    const isWanted = object.kind === kind && object.apiVersion === apiVersion;
    return withZeros(isWanted ? object : { apiVersion, kind, metadata: {} }, context);
  };
}

/** Reads answers into the types of the kinds that they say, as kubectl's builder of typed objects does. */
export function answersOfAnyType(context: CommandContext): AnswerReader {
  return async (response) => {
    const media = readableType(response, jsonMediaType);
    return podOf(response) ?? decoded(await documentOf(response, media), undefined, kubectlScheme, context);
  };
}

const protobufType = 'application/vnd.kubernetes.protobuf';
const yamlType = 'application/yaml';
const readTypes: ReadonlySet<string> = new Set([jsonMediaType, protobufType, yamlType]);

/** @param assumed what an answer is that does not say @throws NoObjectAnswerError, StatusError */
function readableType({ headers }: ClientResponse, assumed: string): string {
  const media = mediaTypeOf(header(headers, 'content-type') ?? '', assumed);
  if (!readTypes.has(media)) throw new NoObjectAnswerError(`serializer for ${media} doesn't exist`);
  return media;
}

/** A pod that has what commands for streams look at: reading it whole would take longer than they do. */
function podOf({ body }: ClientResponse): Unstructured | undefined {
  const value = parsed(body);
  const { apiVersion, kind, metadata, spec, status } = isJsonObject(value) ? value : {};
  if (apiVersion !== 'v1' || kind !== 'Pod' || !isJsonObject(metadata) || !isJsonObject(spec)) return undefined;
  const { containers, initContainers = [], ephemeralContainers = [] } = spec;
  const lists = [containers, initContainers, ephemeralContainers];
  const areContainers = lists.every((list) => Array.isArray(list) && list.every(isNamed));
  const isPlain = areContainers && (status === undefined || isJsonObject(status));
  return isPlain && metadataMisfit(metadata, kind) === undefined ? (value as unknown as Unstructured) : undefined;
}

function isNamed(value: JsonValue): boolean {
  return isJsonObject(value) && typeof value['name'] === 'string';
}

function parsed(body: Uint8Array): JsonValue | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

/** What is as it was asked for, as far as is looked at: reading long lists whole would take longer than showing them. */
function wholeOf(response: ClientResponse, { apiVersion, kind }: Asked): Unstructured | undefined {
  if (kind === 'Pod') return podOf(response);
  const value = kind.endsWith('List') ? parsed(response.body) : undefined;
  if (!isJsonObject(value) || value['kind'] !== kind || value['apiVersion'] !== apiVersion) return undefined;
  const { items, metadata } = value;
  const isList = Array.isArray(items) && isJsonObject(metadata) && items.every(hasMetadata);
  return isList ? (value as unknown as Unstructured) : undefined;
}

function hasMetadata(value: JsonValue): boolean {
  return isJsonObject(value) && isJsonObject(value['metadata']);
}

/** What says nothing but what was sent, besides metadata, fits its type. */
function echoOf({ body }: ClientResponse, asked: Asked): Unstructured | undefined {
  const value = parsed(body);
  if (!isJsonObject(value)) return undefined;
  const { metadata, ...fields } = value;
  const { metadata: _sent, ...known } = asked as Unstructured;
  const isEcho = Object.keys(known).length > 2 && equalJson(fields, known);
  if (!isEcho || !isJsonObject(metadata) || metadataMisfit(metadata, asked.kind) !== undefined) return undefined;
  return value as unknown as Unstructured;
}

async function documentOf({ body }: ClientResponse, media: string): Promise<TypedDocument> {
  // Nothing here asks for protobuf, so that it cannot be read either.
  if (media === protobufType) {
    const isMarked = Buffer.from(body.subarray(0, 4)).equals(Buffer.from('k8s\0'));
    const unmarked = 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]';
    throw new NoObjectAnswerError(isMarked ? 'unexpected EOF' : unmarked);
  }
  if (media === yamlType) {
    const { parseYaml } = await import('../apimachinery/yaml.ts');
    const text = Buffer.from(body).toString('utf8');
    return { value: parseYaml(text), text: () => text };
  }
  const { parseTypedDocument } = await import('../apimachinery/decoding/typed-document.ts');
  return parseTypedDocument(body);
}

async function decoded(
  document: TypedDocument,
  wanted: TypedHead | undefined,
  scheme: string,
  context: CommandContext,
): Promise<Unstructured> {
  const { decodeTypedDocument, headOfTyped } = await import('../apimachinery/decoding/typed-document.ts');
  const head = headOfTyped(document, wanted);
  if (head.kind === 'Status' && head.version === 'v1') {
    const status = document.value as JsonObject;
    if (status['status'] !== 'Success') throw new StatusError({ message: '', ...status });
    return { ...status, apiVersion: head.apiVersion, kind: head.kind, metadata: {} };
  }
  return decodeTypedDocument(document, head, await typesAround(head, context), scheme) as unknown as Unstructured;
}

/** Fields that are never left out stand there, though they are empty. */
async function withZeros(object: Unstructured, context: CommandContext): Promise<Unstructured> {
  const known = await knownTypeOf(object, context);
  if (known === undefined) return object;
  const { withZeroValues } = await import('../generators/zero-values.ts');
  return withZeroValues(object as unknown as JsonObject, known.name, known.types) as unknown as Unstructured;
}
