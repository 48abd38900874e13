import type { JsonObject } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import type { KindVersion } from '../../../patch/managed-fields.ts';
import { validateTyped } from '../../../patch/structured-merge/validate.ts';
import type { ApiResource } from './api-resource.ts';
import type { ObjectVersions } from './versioned-storage.ts';

/** Says that a conversion must be made before the work can go on. */
class ConversionNeeded extends Error {
  readonly object: JsonObject;
  readonly apiVersion: string;

  constructor(object: JsonObject, apiVersion: string) {
    super(`the object is needed in ${apiVersion}`);
    this.object = object;
    this.apiVersion = apiVersion;
  }
}

/**
 * Runs work that needs objects in other versions and cannot wait: it is begun again each time that a conversion it asked
 * for is there. The work must leave its input as it is until it has all it needs.
 * @throws StatusError of a conversion; TypedValueError for a converted object that does not fit its schema
 */
export async function withConvertedVersions<T>(
  resource: ApiResource,
  work: (versionOf: ((apiVersion: string) => KindVersion) | undefined) => T,
): Promise<T> {
  const { versions } = resource;
  if (versions === undefined) return work(undefined);
  const known = new Map<string, JsonObject>();
  const convert = (object: JsonObject, apiVersion: string): JsonObject => {
    if (object['apiVersion'] === apiVersion) return object;
    const converted = known.get(keyOf(object, apiVersion));
    if (converted === undefined) throw new ConversionNeeded(object, apiVersion);
    return converted;
  };
  const versionOf = (apiVersion: string): KindVersion => versionIn(versions, apiVersion, resource.apiVersion, convert);
  for (;;) {
    try {
      return work(versionOf);
    } catch (error) {
      if (!(error instanceof ConversionNeeded)) throw error;
      const [converted = {}] = await versions.convert([error.object], error.apiVersion);
      known.set(keyOf(error.object, error.apiVersion), converted);
    }
  }
}

function versionIn(
  versions: ObjectVersions,
  apiVersion: string,
  own: string,
  convert: (object: JsonObject, apiVersion: string) => JsonObject,
): KindVersion {
  const type = versions.typeIn(apiVersion);
  // A version that is not there any more cannot be converted to, which its conversion says.
  const { schema, types } = type ?? { schema: {}, types: { lookup: () => undefined } };
  return {
    schema,
    source: types,
    convert(object) {
      const converted = convert(object, apiVersion);
      if (type !== undefined) validateTyped(converted, schema, types);
      return converted;
    },
    convertBack: (object) => convert(object, own),
    resetFields: [],
  };
}

function keyOf(object: JsonObject, apiVersion: string): string {
  return `${apiVersion} ${stringifyJson(object)}`;
}
