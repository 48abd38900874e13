import { cloneJson, isJsonObject, type JsonObject } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { isKnownFormat } from '../../../apimachinery/string-formats.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { CustomResourceDefinition } from '../../types/apiextensions-v1.ts';
import { textOf, walkSchemas } from '../schema/schema-keywords.ts';
import {
  validateDefinition,
  validateDefinitionStatus,
  validateDefinitionUpdate,
} from './custom-resource-definition-validation.ts';
import { versionsOf } from './version-validation.ts';

/** What is particular to CustomResourceDefinitions: the versions that were ever stored are kept in the status. */
export const customResourceDefinitionStrategy: Strategy = {
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  prepareForCreate(object) {
    object['status'] = { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: [] };
    recordStorageVersion(object);
  },
  prepareForUpdate(object, old, { subresource }) {
    if (subresource === 'status') object['spec'] = cloneJson(old['spec']);
    else {
      object['status'] = cloneJson(old['status']);
      recordStorageVersion(object);
    }
  },
  validateCreate: validateDefinition,
  validateUpdate: (object, old, { subresource }) =>
    subresource === 'status' ? validateDefinitionStatus(object) : validateDefinitionUpdate(object, old),
  warningsOnCreate: (object) => unknownFormats(object).map(warning),
  warningsOnUpdate(object, old) {
    const before = new Set(unknownFormats(old));
    return unknownFormats(object)
      .filter((format) => !before.has(format))
      .map(warning);
  },
  resetFields: { '': ['status'], status: ['spec'] },
};

function recordStorageVersion(object: Unstructured): void {
  const { spec, status } = object as unknown as CustomResourceDefinition;
  const storage = versionsOf(spec).find((version) => version.storage)?.name;
  if (status === undefined || storage === undefined) return;
  const stored = status.storedVersions ?? [];
  if (!stored.includes(storage)) status.storedVersions = [...stored, storage];
}

function warning(format: string): string {
  return `unrecognized format ${JSON.stringify(format)}`;
}

const numberFormats: Readonly<Record<string, readonly string[]>> = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
};

/** The formats in a definition's schemas that nothing is checked against. */
function unknownFormats(object: Unstructured): string[] {
  const { spec } = object as unknown as CustomResourceDefinition;
  const found: string[] = [];
  for (const version of versionsOf(spec)) {
    const schema = version.schema?.openAPIV3Schema as unknown as JsonObject | undefined;
    if (!isJsonObject(schema)) continue;
    walkSchemas(schema, (inside) => {
      const [format, type] = [textOf(inside, 'format'), textOf(inside, 'type')];
      const isKnown =
        type === '' || type === 'string' ? isKnownFormat(format) : (numberFormats[type]?.includes(format) ?? false);
      if (format !== '' && !isKnown) found.push(format);
    });
  }
  return found;
}
