import { isJsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { parseJson, JsonSyntaxError } from '../../../apimachinery/json-codec.ts';
import { parseYaml, stringifyYaml, YamlError } from '../../../apimachinery/yaml.ts';
import { BodySyntaxError, type DecodedBody, type MediaTypeCodec } from '../negotiation.ts';

/** `application/yaml`. It does not stream, so a watch cannot have it. */
export const yamlCodec: MediaTypeCodec = {
  mediaType: 'application/yaml',
  isJson: false,
  encode: (object) => Buffer.from(stringifyYaml(object)),
  decode(body) {
    try {
      return decodeYaml(body);
    } catch (error) {
      if (!(error instanceof YamlError)) throw error;
      const shown = Buffer.from(body.subarray(0, 30)).toString('hex');
      throw new BodySyntaxError(error.message, body.byteLength > 30 ? `${shown} ...` : shown);
    }
  },
};

/** Reads YAML (or JSON, which is YAML too) as the real server does: by way of JSON with sorted keys. */
export function decodeYaml(body: Uint8Array): DecodedBody {
  const text = Buffer.from(body).toString('utf8');
  const duplicates: string[] = [];
  if (/^\s*\{/.test(text)) {
    try {
      return { value: parseJson(text), strictErrors: [] };
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
  }
  const value = sortedKeys(parseYaml(text, { onDuplicateKey: (message) => duplicates.push(message) }));
  const strictErrors =
    duplicates.length === 0 ? [] : [`yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`];
  return { value, strictErrors };
}

function sortedKeys(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortedKeys(item)]),
  );
}
