import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  required,
  tooMany,
} from '../../../apimachinery/field-error.ts';
import { type JsonObject } from '../../../apimachinery/json.ts';
import { equalSemantic } from '../../../apimachinery/semantic-equality.ts';
import { isDns1035Label } from '../../../apimachinery/names.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  SelectableField,
} from '../../types/apiextensions-v1.ts';
import { type SchemaAllowances, validateDefinitionSchema } from '../schema/definition-schema-validation.ts';
import { parseFieldPath } from '../schema/field-paths.ts';
import { internalVersion } from '../schema/internal-form.ts';
import { unsupportedKeyword } from '../schema/structural-validation.ts';

type Version = CustomResourceDefinitionVersion;

const maxSelectableFields = 8;
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

/** The versions of a definition, none where the list is left out: required lists that nobody gives are null. */
export function versionsOf(spec: CustomResourceDefinitionSpec | undefined): readonly Version[] {
  const versions: readonly Version[] | null | undefined = spec?.versions;
  return versions ?? [];
}

/**
 * Checks the versions of a definition. What is the same in all of them stands at the top of the spec in the server's
 * internal form, and is reported there.
 */
export function validateVersions(
  spec: CustomResourceDefinitionSpec,
  old: CustomResourceDefinitionSpec | undefined,
  path: FieldPath,
  allowances: SchemaAllowances,
): FieldError[] {
  const versions = versionsOf(spec);
  const isShared = (read: (version: Version) => unknown): boolean =>
    versions.every((version) =>
      equalSemantic(read(version) ?? null, versions[0] === undefined ? null : (read(versions[0]) ?? null)),
    );
  const shared = {
    schema: isShared((version) => version.schema),
    subresources: isShared((version) => version.subresources),
    columns: isShared((version) => version.additionalPrinterColumns),
    selectable: isShared((version) => version.selectableFields),
  };
  const errors: FieldError[] = [];
  const at = path.child('versions');
  for (const [index, version] of versions.entries()) {
    if (version.schema?.openAPIV3Schema === undefined) {
      errors.push(required(at.index(index).child('schema').child('openAPIV3Schema')));
    }
  }
  const hasStatusAnywhere = versions.some((version) => version.subresources?.status !== undefined);
  for (const [index, version] of versions.entries()) {
    const own = at.index(index);
    const problems = isDns1035Label(version.name);
    if (problems.length > 0) errors.push(invalid(own.child('name'), version.name, problems.join(',')));
    errors.push(...checkDeprecation(version, own.child('deprecationWarning')));
    const allowed = { ...allowances, ruleCosts: isUnchanged(version, old) };
    const hasStatus = version.subresources?.status !== undefined;
    if (!shared.schema) errors.push(...checkSchema(version, own.child('schema'), hasStatus, allowed));
    if (!shared.subresources) errors.push(...checkSubresources(version.subresources, own.child('subresources')));
    if (!shared.columns) errors.push(...checkColumns(version, own));
    if (!shared.selectable) errors.push(...checkSelectable(version, own, !shared.schema, withoutOwnSchema));
  }
  errors.push(...checkStorage(spec, at));
  const [first] = versions;
  if (first === undefined) return errors;
  const problems = first.name === '' ? [] : isDns1035Label(first.name);
  if (problems.length > 0) errors.push(invalid(path.child('version'), first.name, problems.join(',')));
  if (shared.schema) {
    const allowed = { ...allowances, ruleCosts: isUnchanged(first, old) };
    errors.push(...checkSchema(first, path.child('validation'), hasStatusAnywhere, allowed));
  }
  if (shared.subresources) errors.push(...checkSubresources(first.subresources, path.child('subresources')));
  if (shared.columns) errors.push(...checkColumns(first, path));
  if (shared.selectable) errors.push(...checkSelectable(first, path, shared.schema, withoutSchema));
  return errors;
}

function isUnchanged(version: Version, old: CustomResourceDefinitionSpec | undefined): boolean {
  const before = versionsOf(old).find(({ name }) => name === version.name);
  return before !== undefined && equalSemantic(before.schema ?? null, version.schema ?? null);
}

const versionParts = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

function checkStorage(spec: CustomResourceDefinitionSpec, path: FieldPath): FieldError[] {
  const versions = versionsOf(spec);
  const given: readonly Version[] | null = spec.versions;
  const shown = (): JsonObject[] | null => {
    if (given === null) return null;
    const [first] = versions;
    // What all versions have in common stands beside them.
    const shared = versionParts.filter((part) =>
      versions.every((version) => equalSemantic(version[part] ?? null, first?.[part] ?? null)),
    );
    return versions.map((version) => {
      const entries = Object.entries(version).filter(([name]) => !(shared as readonly string[]).includes(name));
      const own: JsonObject = Object.fromEntries(entries);
      return internalVersion(own);
    });
  };
  const errors: FieldError[] = [];
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.push(invalid(path, shown(), 'must contain unique version names'));
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid(path, shown(), 'must have exactly one version marked as storage version'));
  }
  return errors;
}

function checkDeprecation({ deprecated, deprecationWarning: warning }: Version, path: FieldPath): FieldError[] {
  if (warning === undefined) return [];
  if (deprecated !== true) return [invalid(path, warning, 'can only be set for deprecated versions')];
  const problems: string[] = [];
  if (Buffer.byteLength(warning) > 256) problems.push('must be <= 256 characters long');
  if (warning === '') problems.push('must not be an empty string');
  const bad = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.exec(warning);
  if (bad !== null) {
    const index = Buffer.byteLength(warning.slice(0, bad.index));
    problems.push(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
  return problems.map((problem) => invalid(path, warning, problem));
}

function schemaOf(version: Version): JsonObject | undefined {
  return version.schema?.openAPIV3Schema as unknown as JsonObject | undefined;
}

function checkSchema(
  version: Version,
  path: FieldPath,
  hasStatus: boolean,
  allowances: SchemaAllowances,
): FieldError[] {
  const schema = schemaOf(version);
  if (schema === undefined) return [];
  return validateDefinitionSchema(schema, path.child('openAPIV3Schema'), hasStatus, allowances);
}

function checkSubresources(subresources: CustomResourceSubresources | undefined, path: FieldPath): FieldError[] {
  const scale = subresources?.scale;
  if (scale === undefined) return [];
  const errors: FieldError[] = [];
  const check = (field: string, value: string, roots: readonly string[], where: string): void => {
    const at = path.child(`scale.${field}`);
    const problems = checkJsonPath(value, at);
    if (problems.length > 0) errors.push(...problems);
    else if (!roots.some((root) => value.startsWith(root))) {
      errors.push(invalid(at, value, `should be a json path under ${where}`));
    }
  };
  for (const [field, root] of [
    ['specReplicasPath', '.spec'],
    ['statusReplicasPath', '.status'],
  ] as const) {
    if (scale[field] === '') errors.push(required(path.child(`scale.${field}`)));
    else check(field, scale[field], [`${root}.`], root);
  }
  const selector = scale.labelSelectorPath ?? '';
  if (selector !== '') check('labelSelectorPath', selector, ['.spec.', '.status.'], 'either .spec or .status');
  return errors;
}

function checkJsonPath(text: string, path: FieldPath): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(path, text, 'must be a simple json path starting with .')];
}

function checkColumns({ additionalPrinterColumns = [] }: Version, path: FieldPath): FieldError[] {
  return additionalPrinterColumns.flatMap((column, index) =>
    checkColumn(column, path.child('additionalPrinterColumns').index(index)),
  );
}

function checkColumn(column: CustomResourceColumnDefinition, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (column.name === '') errors.push(required(path.child('name')));
  const choices = `must be one of ${columnTypes.join(',')}`;
  if (column.type === '') errors.push(required(path.child('type'), choices));
  else if (!columnTypes.includes(column.type)) errors.push(invalid(path.child('type'), column.type, choices));
  const { format = '' } = column;
  if (format !== '' && !columnFormats.includes(format)) {
    errors.push(invalid(path.child('format'), format, `must be one of ${columnFormats.join(',')}`));
  }
  const at = path.child('JSONPath');
  return [...errors, ...(column.jsonPath === '' ? [required(at)] : checkJsonPath(column.jsonPath, at))];
}

const withoutSchema = 'may only be set when validations.schema is included';
/** The real server says the contrary of what it means. */
const withoutOwnSchema = 'may only be set when `version.schema.openAPIV3Schema` is not included';

/** @param isSchemaThere whether the schema stands where the fields stand, among what versions share or not */
function checkSelectable(version: Version, path: FieldPath, isSchemaThere: boolean, absent: string): FieldError[] {
  const { selectableFields = [] } = version;
  const schema = schemaOf(version);
  if (selectableFields.length === 0) return [];
  const at = path.child('selectableFields');
  if (schema === undefined || !isSchemaThere) return [invalid(at, '', absent)];
  const unsupported = unsupportedKeyword(schema);
  if (unsupported !== undefined) return [invalid(path.child('schema.openAPIV3Schema'), '', unsupported)];
  const seen = new Set<string>();
  const errors = selectableFields.flatMap((field, index) => checkSelectableField(field, schema, at.index(index), seen));
  if (seen.size > maxSelectableFields) errors.push(tooMany(at, seen.size, maxSelectableFields));
  return errors;
}

function checkSelectableField(
  { jsonPath }: SelectableField,
  schema: JsonObject,
  path: FieldPath,
  seen: Set<string>,
): FieldError[] {
  const at = path.child('jsonPath');
  if (jsonPath === '') return [required(at)];
  const found = parseFieldPath(jsonPath, schema, false);
  if ('failure' in found) return [invalid(at, jsonPath, `is an invalid path: ${found.failure}`)];
  const errors: FieldError[] = [];
  if (found.root === 'metadata') errors.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
  const { type } = found.schema;
  if (type !== 'string' && type !== 'boolean' && type !== 'integer') {
    const message =
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
    errors.push(invalid(at, jsonPath, message));
  }
  if (seen.has(found.path)) errors.push(duplicate(at, jsonPath));
  seen.add(found.path);
  return errors;
}
