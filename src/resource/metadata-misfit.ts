import { messageOf } from '../apimachinery/error-message.ts';
import { canonicalTime } from '../apimachinery/go-time.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';

type Misfit = (value: JsonValue, place: string) => string | undefined;

const text: (type?: string) => Misfit =
  (type = 'string') =>
  (value, place) =>
    typeof value === 'string' ? undefined : misfit(value, place, type);

const integer: Misfit = (value, place) => {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  if (isNumber && Number.isInteger(Number(value))) return undefined;
  return misfit(value, place, 'int64', isNumber ? `number ${value}` : undefined);
};

const truth: Misfit = (value, place) => (typeof value === 'boolean' ? undefined : misfit(value, place, 'bool'));

const texts: Misfit = (value, place) => {
  if (!isJsonObject(value)) return misfit(value, place, 'map[string]string');
  return first(
    Object.keys(value)
      .toSorted()
      .map((key) => ofMember(value[key], place)),
  );
};

const list: Misfit = (value, place) => {
  if (!Array.isArray(value)) return misfit(value, place, '[]string');
  return first(value.map((item) => ofMember(item, place)));
};

const time: Misfit = (value, place) => {
  if (typeof value !== 'string') return misfit(value, place.replace(/\w+\.metadata\..*$/, ''), 'string');
  try {
    canonicalTime(value);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};

const ownerFields: Readonly<Record<string, Misfit>> = {
  apiVersion: text(),
  blockOwnerDeletion: truth,
  controller: truth,
  kind: text(),
  name: text(),
  uid: text('types.UID'),
};

const owners: Misfit = (value, place) => {
  if (!Array.isArray(value)) return misfit(value, place, '[]v1.OwnerReference');
  return first(
    value.map((item) => {
      if (item === null) return undefined;
      if (!isJsonObject(item)) return misfit(item, place, 'v1.OwnerReference');
      return ofFields(item, ownerFields, 'OwnerReference.metadata.ownerReferences');
    }),
  );
};

const fields: Readonly<Record<string, Misfit>> = {
  annotations: texts,
  creationTimestamp: time,
  deletionGracePeriodSeconds: integer,
  deletionTimestamp: time,
  finalizers: list,
  generateName: text(),
  generation: integer,
  labels: texts,
  name: text(),
  namespace: text(),
  ownerReferences: owners,
  resourceVersion: text(),
  selfLink: text(),
  uid: text('types.UID'),
};

/**
 * What does not fit ObjectMeta in an object's metadata, in the words of Go's encoding/json; undefined when all does.
 * managedFields are left to the server.
 * @param type the Go type that has the metadata
 */
export function metadataMisfit(metadata: JsonValue | undefined, type = 'metadataOnlyObject'): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isJsonObject(metadata)) return misfit(metadata, `${type}.metadata`, 'v1.ObjectMeta');
  return ofFields(metadata, fields, 'ObjectMeta.metadata');
}

/** Fields come in the order of their names, as the converter from YAML writes them. */
function ofFields(value: JsonObject, about: Readonly<Record<string, Misfit>>, place: string): string | undefined {
  return first(
    Object.keys(about).map((name) => {
      const member = value[name] ?? null;
      return member === null ? undefined : about[name]?.(member, `${place}.${name}`);
    }),
  );
}

function ofMember(value: JsonValue | undefined, place: string): string | undefined {
  return value === null || typeof value === 'string' ? undefined : misfit(value ?? null, place, 'string');
}

function first(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

function misfit(value: JsonValue, place: string, type: string, shown = describeJsonKind(value)): string {
  const where = place === '' ? 'Go value' : `Go struct field ${place}`;
  return `json: cannot unmarshal ${shown} into ${where} of type ${type}`;
}
