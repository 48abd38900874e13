import { type FieldError, FieldPath, fieldForbidden, invalid, tooLong } from '../../../apimachinery/field-error.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { isConfigMapKey } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { ConfigMap } from '../../types/core-v1.ts';
import { immutableOnceSet, mostDataBytes } from './secret-strategy.ts';

const root = new FieldPath();
/** How the real server names what is wrong with all of an object. */
const wholeObject = new FieldPath('[]');

/** What the registry does with config maps. */
export const configMapStrategy: Strategy = {
  validateCreate: (object) => validate(mapOf(object)),
  validateUpdate(object, old) {
    const [map, before] = [mapOf(object), mapOf(old)];
    const errors: FieldError[] = [];
    if (before.immutable === true) {
      if (map.immutable !== true) errors.push(fieldForbidden(root.child('immutable'), immutableOnceSet));
      for (const field of ['data', 'binaryData'] as const) {
        // Text that is not there is empty by default; binary data that is empty is not the same as none.
        const none = field === 'data' ? {} : null;
        if (equalJson(map[field] ?? none, before[field] ?? none)) continue;
        errors.push(fieldForbidden(root.child(field), immutableOnceSet));
      }
    }
    return errors;
  },
  validateAsNew: (object) => validate(mapOf(object)),
};

function mapOf(object: Unstructured): ConfigMap {
  return object;
}

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const check = (field: string, keys: readonly string[], other: object): FieldError[] =>
    keys.flatMap((key) => {
      const at = root.child(field).key(key);
      const errors = isConfigMapKey(key).map((message) => invalid(at, key, message));
      if (field === 'data' && Object.hasOwn(other, key)) {
        errors.push(invalid(at, key, 'duplicate of key present in binaryData'));
      }
      return errors;
    });
  const bytes =
    Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0) +
    Object.values(binaryData).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  return [
    ...check('data', Object.keys(data).toSorted(), binaryData),
    ...check('binaryData', Object.keys(binaryData).toSorted(), data),
    ...(bytes > mostDataBytes ? [tooLong(wholeObject, mostDataBytes)] : []),
  ];
}
