import { validateEmbeddedResources, validateListTypes } from '../../../api/apiextensions/schema/resource-checks.ts';
import { createRuleValidator, type RuleValidator } from '../../../api/apiextensions/schema/rule-validation.ts';
import { namedSchema } from '../../../api/apiextensions/schema/schema-keywords.ts';
import { validateValue } from '../../../api/apiextensions/schema/value-validation.ts';
import type { Strategy } from '../../../api/resource-definition.ts';
import type {
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../../../api/types/apiextensions-v1.ts';
import { type FieldError, FieldPath, goQuote, invalid } from '../../../apimachinery/field-error.ts';
import { cloneJson, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { isQualifiedName } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { NestedTypeError, nestedValue } from '../registry/nested-value.ts';

const root = new FieldPath();

/** Runs what is done with validation rules, and may measure it. */
export interface RuleTimes {
  readonly compile: <T>(work: () => T) => T;
  readonly evaluate: <T>(work: () => T) => T;
}

/** Measures nothing. */
export const unmeasuredRules: RuleTimes = { compile: (work) => work(), evaluate: (work) => work() };

/** How objects of one version of a custom resource are prepared and checked. */
export function customStrategy(version: CustomResourceDefinitionVersion, kind: string, times: RuleTimes): Strategy {
  const hasStatus = version.subresources?.status !== undefined;
  const checks = new ObjectChecks(version, kind, times);
  return {
    hasGeneration: true,
    allowUnconditionalUpdate: false,
    ...(hasStatus
      ? {
          prepareForCreate(object: Unstructured): void {
            delete object['status'];
          },
          prepareForUpdate: keepOtherPart,
        }
      : { prepareForCreate: () => undefined, prepareForUpdate: () => undefined }),
    validateCreate: (object, _context, ofMetadata = []) => checks.validate(object, undefined, ofMetadata),
    validateUpdate(object, old, context, ofMetadata = []) {
      const warn = (text: string): void => context.warn?.(text);
      if (context.subresource === 'status') return checks.validateStatus(object, old, ofMetadata, warn);
      return checks.validate(object, old, ofMetadata, warn);
    },
    warningsOnCreate: (object) => finalizerWarnings(object.metadata.finalizers ?? []),
    warningsOnUpdate(object, old) {
      const before = new Set(old.metadata.finalizers ?? []);
      return finalizerWarnings((object.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer)));
    },
    ...(hasStatus ? { resetFields: { '': ['status'], status: ['spec', 'metadata'] } } : {}),
  };
}

const standardFinalizers: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** Finalizers that others may call the same. */
function finalizerWarnings(added: readonly string[]): string[] {
  return [...new Set(added)].toSorted().flatMap((finalizer) => {
    const about = `metadata.finalizers: ${goQuote(finalizer)}`;
    const warnings = isQualifiedName(finalizer).map((problem) => `${about}: ${problem}`);
    if (finalizer.includes('/') || standardFinalizers.has(finalizer)) return warnings;
    const path = finalizer.includes('.') ? ' including a path (/)' : '';
    const why = 'to avoid accidental conflicts with other finalizer writers';
    return [...warnings, `${about}: prefer a domain-qualified finalizer name${path} ${why}`];
  });
}

/** The object keeps its status; the status subresource changes nothing else. */
function keepOtherPart(object: Unstructured, old: Unstructured, context: { readonly subresource: string }): void {
  if (context.subresource === 'status') {
    for (const key of new Set([...Object.keys(object), ...Object.keys(old)])) {
      if (key === 'status' || key === 'metadata') continue;
      if (Object.hasOwn(old, key)) object[key] = cloneJson(old[key]);
      else delete object[key];
    }
    const { labels, annotations, ownerReferences, finalizers } = old.metadata;
    for (const [key, value] of Object.entries({ labels, annotations, ownerReferences, finalizers })) {
      if (value === undefined) delete (object.metadata as Record<string, unknown>)[key];
      else Object.assign(object.metadata, { [key]: cloneJson(value) });
    }
    return;
  }
  if (Object.hasOwn(old, 'status')) object['status'] = cloneJson(old['status']);
  else delete object['status'];
}

/** Errors after which rules make no sense: the object does not have the shape they were written for. */
const blockingErrors = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);
/** Told of what is wrong but was so before. */
type Warn = ((text: string) => void) | undefined;

const skippedRules =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

class ObjectChecks {
  readonly #schema: JsonObject;
  readonly #kind: string;
  readonly #rules: RuleValidator | undefined;
  readonly #scale: CustomResourceSubresourceScale | undefined;
  readonly #times: RuleTimes;

  constructor(version: CustomResourceDefinitionVersion, kind: string, times: RuleTimes) {
    this.#times = times;
    this.#schema = (version.schema?.openAPIV3Schema ?? {}) as unknown as JsonObject;
    this.#kind = kind;
    this.#rules = times.compile(() => createRuleValidator(this.#schema, true));
    this.#scale = version.subresources?.scale;
  }

  /** @param ofMetadata what is wrong with the metadata, and told already */
  validate(
    object: Unstructured,
    old: Unstructured | undefined,
    ofMetadata: readonly FieldError[],
    warn?: Warn,
  ): FieldError[] {
    const [value, before] = [jsonOf(object), old === undefined ? undefined : jsonOf(old)];
    const errors = [
      ...(object.kind === this.#kind
        ? [
            ...validateValue(value, this.#schema, root, before),
            ...this.#checkScale(value, 'specReplicasPath'),
            ...this.#checkScale(value, 'statusReplicasPath'),
            ...this.#checkSelector(value),
          ]
        : [invalid(new FieldPath('kind'), object.kind, `must be ${this.#kind}`)]),
      ...validateEmbeddedResources(value, { ...this.#schema, 'x-kubernetes-embedded-resource': false }, root),
      ...this.#checkLists(value, before),
    ];
    return [...errors, ...this.#runRules(value, before, [...ofMetadata, ...errors], warn)];
  }

  validateStatus(
    object: Unstructured,
    old: Unstructured,
    ofMetadata: readonly FieldError[],
    warn?: Warn,
  ): FieldError[] {
    const [value, before] = [jsonOf(object), jsonOf(old)];
    const schema = namedSchema(this.#schema, 'properties', 'status');
    const { status } = value;
    const path = new FieldPath('status');
    const errors: FieldError[] = [];
    if (status !== undefined && schema !== undefined) {
      errors.push(...validateValue(status, schema, path, before['status']));
      errors.push(...validateEmbeddedResources(status, schema, path));
    }
    errors.push(...this.#checkScale(value, 'statusReplicasPath'), ...this.#checkSelector(value));
    errors.push(...this.#checkLists(value, before));
    return [...errors, ...this.#runRules(value, before, [...ofMetadata, ...errors], warn)];
  }

  #checkLists(value: JsonValue, before: JsonValue | undefined): FieldError[] {
    // What was let in before may stay as it is.
    if (before !== undefined && validateListTypes(before, this.#schema, root).length > 0) return [];
    return validateListTypes(value, this.#schema, root);
  }

  #runRules(value: JsonValue, before: JsonValue | undefined, errors: readonly FieldError[], warn?: Warn): FieldError[] {
    const rules = this.#rules;
    if (rules === undefined) return [];
    if (errors.some(({ type }) => blockingErrors.has(type))) {
      return [{ ...invalid(root, null, skippedRules), field: '<nil>' }];
    }
    return this.#times.evaluate(() => rules.validate(root, value, before, warn));
  }

  #checkScale(value: JsonObject, field: 'specReplicasPath' | 'statusReplicasPath'): FieldError[] {
    const text = this.#scale?.[field];
    if (text === undefined) return [];
    const path = new FieldPath(text);
    const replicas = readNested(value, text, 'int64');
    if (replicas instanceof NestedTypeError) return [invalid(path, 0, replicas.message)];
    if (replicas === undefined || typeof replicas !== 'number') return [];
    if (replicas < 0) return [invalid(path, replicas, 'should be a non-negative integer')];
    return replicas > 2 ** 31 - 1 ? [invalid(path, replicas, 'should be less than or equal to 2147483647')] : [];
  }

  #checkSelector(value: JsonObject): FieldError[] {
    const text = this.#scale?.labelSelectorPath ?? '';
    if (text === '') return [];
    const selector = readNested(value, text, 'string');
    return selector instanceof NestedTypeError ? [invalid(new FieldPath(text), '', selector.message)] : [];
  }
}

function readNested(
  value: JsonObject,
  path: string,
  type: 'int64' | 'string',
): JsonValue | NestedTypeError | undefined {
  try {
    return nestedValue(value, path, type);
  } catch (error) {
    if (error instanceof NestedTypeError) return error;
    throw error;
  }
}

function jsonOf(object: Unstructured): JsonObject {
  return object as unknown as JsonObject;
}
