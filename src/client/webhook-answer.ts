import type { HttpResponse } from '../apimachinery/http.ts';
import {
  describeJsonKind,
  isDeeperThan,
  isJsonObject,
  mostNesting,
  notAnObjectText,
  notTextOfKind,
  type JsonObject,
  type JsonValue,
} from '../apimachinery/json.ts';
import { JsonSyntaxError, parseJson } from '../apimachinery/json-codec.ts';
import { parseYaml } from '../apimachinery/yaml.ts';

const undecodable = "couldn't get version/kind; json parse error: ";

/** More than any review needs; who sends more means harm. */
const maxAnswerBytes = 10 * 1024 * 1024;

/** Takes in the body of a webhook's answer. @throws Error when it goes on and on */
export async function readWebhookAnswer(
  body: HttpResponse['body'] | AsyncIterable<Uint8Array>,
  maxBytes = maxAnswerBytes,
): Promise<Uint8Array> {
  if (body === undefined) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body instanceof Uint8Array ? [body] : body) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads what a webhook answers. @throws Error for what is no JSON object, in client-go's words */
export function parseWebhookAnswer(bytes: Uint8Array): JsonObject {
  const value = parsed(Buffer.from(bytes).toString('utf8'));
  if (value === null) return {};
  if (!isJsonObject(value)) throw new Error(`${undecodable}${notAnObjectText(value)}`);
  for (const [field, item] of Object.entries(value)) {
    if ((field === 'apiVersion' || field === 'kind') && typeof item !== 'string' && item !== null) {
      throw new Error(`${undecodable}${notTextOfKind(field, item)}`);
    }
  }
  return value;
}

/** What does not begin as a JSON object is read as YAML there, to which almost any text is a string. */
function parsed(text: string): JsonValue {
  if (!/^[ \t\r\n]*\{/.test(text)) return parseYaml(text.replace(/^\ufeff/, ''));
  try {
    const value = parseJson(text);
    return isDeeperThan(value, mostNesting) ? parseJson(text, { maxDepth: mostNesting }) : withTexts(value, text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new Error(`${undecodable}${error.message}`, { cause: error });
  }
}

/** Converted objects without a kind that can be read keep their text, which is what is told of them. */
function withTexts(value: JsonValue, text: string): JsonValue {
  const response = isJsonObject(value) ? value['response'] : undefined;
  const objects = isJsonObject(response) ? response['convertedObjects'] : undefined;
  if (!Array.isArray(objects)) return value;
  if (!objects.some((object) => isJsonObject(object) && !hasKind(object))) return value;
  return parseJson(text, { keepsText: (path) => path.length === 3 && path[1] === 'convertedObjects' });
}

function hasKind({ apiVersion, kind }: JsonObject): boolean {
  const isVersion = typeof apiVersion !== 'string' || apiVersion.split('/').length <= 2;
  return typeof kind === 'string' && kind !== '' && isVersion;
}

/** Kind and version of an answer that parseWebhookAnswer has read; empty where it does not say. */
export function typeOfAnswer({ apiVersion, kind }: JsonObject): { readonly apiVersion: string; readonly kind: string } {
  const said = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
  return { apiVersion: said(apiVersion), kind: said(kind) };
}

/** Types of fields by their names, as Go calls them: `bool`, `string`, `[]string`, or a struct with its own fields. */
export interface AnswerFields {
  readonly [field: string]: string | { readonly struct: string; readonly fields: AnswerFields };
}

/**
 * Holds a part of an answer against its types; null counts as nothing.
 * @param path of the part in the answer
 * @throws Error in the words of encoding/json
 */
export function checkAnswerFields(part: JsonObject, fields: AnswerFields, struct: string, path: string): void {
  for (const [name, value] of Object.entries(part)) {
    const type = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined || value === null || value === undefined) continue;
    const place = path === '' ? name : `${path}.${name}`;
    const unfit = (wrong: JsonValue, wanted: string): Error =>
      new Error(
        `json: cannot unmarshal ${describeJsonKind(wrong)} into Go struct field ${struct}.${place} of type ${wanted}`,
      );
    if (typeof type !== 'string') {
      if (!isJsonObject(value)) throw unfit(value, `v1.${type.struct}`);
      checkAnswerFields(value, type.fields, type.struct, place);
    } else if (type === 'bool' || type === 'string') {
      if (describeJsonKind(value) !== type) throw unfit(value, type);
    } else if (type === '[]string') {
      checkTexts(value, type, unfit);
    } else {
      if (!isJsonObject(value)) throw unfit(value, type);
      for (const item of Object.values(value)) checkTexts(item ?? null, 'v1.ExtraValue', unfit);
    }
  }
}

function checkTexts(value: JsonValue, type: string, unfit: (wrong: JsonValue, wanted: string) => Error): void {
  if (value === null) return;
  if (!Array.isArray(value)) throw unfit(value, type);
  for (const item of value) if (item !== null && typeof item !== 'string') throw unfit(item, 'string');
}
