import { converterMessage } from '../../../apimachinery/decoding/converter-message.ts';
import { formatDuration } from '../../../apimachinery/duration.ts';
import { gvkOf, gvkText } from '../../../apimachinery/gvk.ts';
import { type JsonObject, type JsonValue, cloneJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import {
  misplacedTypes,
  operationJson,
  patchJson,
  PatchObject,
} from '../../../api/admissionregistration/policies/patch-values.ts';
import {
  PolicyCompiler,
  type PolicyExpression,
  policyResults,
} from '../../../api/admissionregistration/policies/policy-compiler.ts';
import type { MutatingAdmissionPolicy } from '../../../api/types/admissionregistration-v1.ts';
import { CelDuration, CelEvaluationError, CelList, CelMap, CelTimestamp, type CelValue } from '../../../cel/values.ts';
import { writeTimestamp } from '../../../cel/time.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { applyJsonPatch, JsonPatchError, type JsonPatchOperation } from '../../../patch/json-patch.ts';
import { atomicParts } from '../../../patch/structured-merge/atomic-parts.ts';
import { type MergeType, mergeTypeOf } from '../../../patch/structured-merge/merge-type.ts';
import { mergeValues } from '../../../patch/structured-merge/typed-value.ts';
import { TypedValueError, validateTyped } from '../../../patch/structured-merge/validate.ts';
import type { ServedKind } from '../admission-plugin.ts';
import type { PolicyAccess } from './policy-access.ts';
import { evaluatePolicy, OutOfBudgetError, policyCostBudget, type PolicyInput } from './policy-evaluation.ts';

/** A MutatingAdmissionPolicy with its expressions compiled. */
export interface CompiledMutatingPolicy {
  readonly variables: ReadonlyMap<string, PolicyExpression>;
  readonly conditions: readonly PolicyExpression[];
  readonly mutations: readonly { readonly isJsonPatch: boolean; readonly expression: PolicyExpression }[];
}

/** Why a mutation cannot be made. */
export class MutationError extends Error {}

/** Compiles a policy; what cannot be compiled fails when it is evaluated. */
export function compileMutatingPolicy({ spec = {} }: MutatingAdmissionPolicy): CompiledMutatingPolicy {
  const compiler = new PolicyCompiler(true);
  const scope = { hasParams: spec.paramKind !== undefined, hasAuthorizer: true };
  for (const { name, expression } of spec.variables ?? []) compiler.addVariable(name, expression, scope);
  return {
    variables: compiler.variables,
    conditions: (spec.matchConditions ?? []).map(({ expression }) =>
      compiler.compile(expression, scope, policyResults.condition),
    ),
    mutations: (spec.mutations ?? []).map(({ patchType, jsonPatch, applyConfiguration }) => {
      const isJsonPatch = patchType === 'JSONPatch';
      const text = (isJsonPatch ? jsonPatch : applyConfiguration)?.expression ?? '';
      const results = isJsonPatch ? policyResults.jsonPatch : policyResults.applyConfiguration;
      return { isJsonPatch, expression: compiler.compile(text, { ...scope, hasPatchTypes: true }, results) };
    }),
  };
}

/**
 * The object as one mutation of a policy changes it (KEP-3962).
 * @throws MutationError, StatusError for what the kind does not have
 */
export async function applyMutation(
  { variables }: CompiledMutatingPolicy,
  { isJsonPatch, expression }: CompiledMutatingPolicy['mutations'][number],
  input: PolicyInput & { readonly object: Unstructured },
  kind: ServedKind,
  access: PolicyAccess,
): Promise<Unstructured> {
  if (expression.program === undefined) throw new MutationError(expression.error);
  try {
    const { outcomes } = await access.resolve(() =>
      evaluatePolicy([expression], variables, input, access, policyCostBudget),
    );
    const { value = null, error } = outcomes[0] ?? {};
    if (error !== undefined) throw new MutationError(error);
    const object = input.object as unknown as JsonObject;
    const changed = isJsonPatch ? applyOperations(object, value) : applyConfiguration(object, value, kind);
    if (changed === undefined) return input.object;
    const read = isJsonPatch ? kind.decode(changed) : readApplied(changed, kind);
    kind.fillIn(read);
    return read;
  } catch (error) {
    if (error instanceof OutOfBudgetError || error instanceof CelEvaluationError)
      throw new MutationError(error.message);
    throw error;
  }
}

function checkTypes(value: CelValue): void {
  if (!(value instanceof PatchObject)) return;
  const misplaced = misplacedTypes(value, [value.type.name]);
  if (misplaced.length > 0) throw new MutationError(`type mismatch: ${misplaced.join('\n')}`);
}

function applyConfiguration(object: JsonObject, value: CelValue, { schema, types }: ServedKind): JsonObject {
  checkTypes(value);
  const { apiVersion = '', kind = '' } = object;
  const unfit = findUnfit(value, '', mergeTypeOf(schema, types));
  if (unfit !== undefined) {
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${unfit}`);
  }
  const patch: JsonObject = { ...(patchJson(value) as JsonObject), apiVersion, kind };
  try {
    validateTyped(patch, schema, types, { nulls: 'refused' });
  } catch (error) {
    if (!(error instanceof TypedValueError)) throw error;
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${error.message}`);
  }
  const atomic = atomicParts(patch, schema, types);
  if (atomic.length > 0) {
    const what = `may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`;
    throw new MutationError(`error applying patch: invalid ApplyConfiguration: ${what}`);
  }
  return cloneJson(mergeValues(object, patch, schema, types)) as JsonObject;
}

/** What an apply configuration made of an object, as the converter from maps reads it. @throws MutationError */
function readApplied(changed: JsonObject, kind: ServedKind): Unstructured {
  try {
    return kind.decode(changed);
  } catch (error) {
    if (!(error instanceof StatusError) || kind.isCustom) throw error;
    const message = converterMessage(error.message.replace('Internal error occurred: ', ''));
    throw new MutationError(`unable to convert unstructured object to ${gvkText(gvkOf(changed))}: ${message}`);
  }
}

/**
 * The first value of a type that has no place in objects, with its path: apply configurations have neither bytes nor
 * times nor spans of time, not even for fields that hold them.
 */
function findUnfit(value: CelValue, path: string, type: MergeType | undefined): string | undefined {
  const asText = (shown: string): string => `${path}: expected string, got &value.valueUnstructured{Value:${shown}}`;
  if (value instanceof Uint8Array) {
    return asText(`[]uint8{${Array.from(value, (byte) => `0x${byte.toString(16)}`).join(', ')}}`);
  }
  if (value instanceof CelDuration) {
    // Fields with a format of their own take any scalar.
    if (type?.kind !== 'scalar' || type.type !== 'untyped') return asText(String(value.nanoseconds));
    return `${path}: expected any scalar, got &{${formatDuration(Number(value.nanoseconds) / 1e6)}}`;
  }
  if (value instanceof CelTimestamp) return `${path}: expected any scalar, got &{${goTimeOf(value)}}`;
  let inner: Iterable<readonly [string, CelValue]> = [];
  if (value instanceof PatchObject) inner = Array.from(value.fields, ([name, item]) => [`.${name}`, item]);
  else if (value instanceof CelMap) {
    inner = Array.from(value.entries(), ([key, item]) => [typeof key === 'string' ? `.${key}` : '', item]);
  } else if (value instanceof CelList) inner = Array.from(value, (item, index) => [`[${index}]`, item]);
  for (const [step, item] of inner) {
    const below = type?.kind === 'map' ? type.typeOf(step.slice(1)) : type?.kind === 'list' ? type.items : undefined;
    const found = findUnfit(item, path + step, below);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A time as Go prints one: `2006-01-02 15:04:05.9 +0530 +0530`. */
function goTimeOf(time: CelTimestamp): string {
  return writeTimestamp(time)
    .replace('T', ' ')
    .replace(/Z$/, ' +0000 UTC')
    .replace(/([+-]\d\d):(\d\d)$/, ' $1$2 $1$2');
}

/** Undefined when a test of the patch does not hold: then nothing of it is done. */
function applyOperations(object: JsonObject, value: CelValue): JsonObject | undefined {
  if (!(value instanceof CelList)) {
    throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array');
  }
  const operations = Array.from(value, operationOf);
  try {
    return applyJsonPatch(cloneJson(object), operations) as JsonObject;
  } catch (error) {
    if (!(error instanceof JsonPatchError)) throw error;
    if (error.reason === 'test failed') return undefined;
    throw new MutationError(`JSON Patch: ${error.message}`);
  }
}

function operationOf(operation: CelValue): JsonPatchOperation {
  if (!(operation instanceof PatchObject)) {
    throw new MutationError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  }
  const text = (name: string): string => {
    const value = operation.fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  const value = operation.fields.get('value');
  if (value !== undefined) checkTypes(value);
  const json: JsonValue | undefined = value === undefined ? undefined : operationJson(value);
  return {
    op: text('op'),
    path: text('path'),
    ...(text('from') === '' ? {} : { from: text('from') }),
    ...(json === undefined ? {} : { value: json }),
  };
}
