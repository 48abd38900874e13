import type { SubjectAccessReviewSpec } from '../../api/types/authorization-v1.ts';
import {
  aggregateMessages,
  duplicate,
  type FieldError,
  type FieldPath,
  invalid,
  required,
  tooMany,
} from '../../apimachinery/field-error.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import { type CompiledExpression, createEnvironment } from '../../cel/environment.ts';
import { CelCostError } from '../../cel/evaluator.ts';
import { CelCompileError } from '../../cel/issues.ts';
import { celFromJson } from '../../cel/json-values.ts';
import { type CelType, formatType, isSameType, listType, mapType, structType, types } from '../../cel/types.ts';
import { CelEvaluationError } from '../../cel/values.ts';

/** Tells whether a webhook is to be asked. */
export interface WebhookConditions {
  /** @throws Error with everything that went wrong, when no condition says no. */
  match(spec: SubjectAccessReviewSpec): boolean;
}

const { string } = types;
const texts = listType(string);

function named(...names: string[]): Record<string, CelType> {
  return Object.fromEntries(names.map((name) => [name, string]));
}

const requestType = structType('kubernetes.SubjectAccessReviewSpec');
const requirements = { requirements: listType(structType('kubernetes.SelectorRequirement')), rawSelector: string };

/** What expressions see of a question (apiserver's authorization/cel/compile.go). */
const structs: Readonly<Record<string, Readonly<Record<string, CelType>>>> = {
  [requestType.name]: {
    resourceAttributes: structType('kubernetes.ResourceAttributes'),
    nonResourceAttributes: structType('kubernetes.NonResourceAttributes'),
    ...named('user', 'uid'),
    groups: texts,
    extra: mapType(string, texts),
  },
  'kubernetes.ResourceAttributes': {
    ...named('namespace', 'verb', 'group', 'version', 'resource', 'subresource', 'name'),
    fieldSelector: structType('kubernetes.FieldSelectorAttributes'),
    labelSelector: structType('kubernetes.LabelSelectorAttributes'),
  },
  'kubernetes.NonResourceAttributes': named('path', 'verb'),
  'kubernetes.FieldSelectorAttributes': requirements,
  'kubernetes.LabelSelectorAttributes': requirements,
  'kubernetes.SelectorRequirement': { ...named('key', 'operator'), values: texts },
};

const environment = createEnvironment({
  variables: { request: requestType },
  provider: {
    hasType: (name) => Object.hasOwn(structs, name),
    fieldType(name, field) {
      const fields = structs[name] ?? {};
      return Object.hasOwn(fields, field) ? fields[field] : undefined;
    },
  },
});

const maxConditions = 64;

/**
 * Compiles the match conditions of a webhook authorizer (KEP-3221).
 * @param path the field that holds the list
 */
export function compileWebhookConditions(
  expressions: readonly string[],
  path: FieldPath,
): { readonly conditions: WebhookConditions; readonly errors: readonly FieldError[] } {
  const compiled: CompiledExpression[] = [];
  const conditions: WebhookConditions = { match: (spec) => matchAll(compiled, spec) };
  if (expressions.length > maxConditions) {
    return { conditions, errors: [tooMany(path, expressions.length, maxConditions)] };
  }
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, text] of expressions.entries()) {
    const place = path.index(index).child('expression');
    if (text.trim() === '') errors.push(required(place));
    else if (seen.has(text)) errors.push(duplicate(place, text));
    else {
      seen.add(text);
      const result = compile(text);
      if (typeof result === 'string') errors.push(invalid(place, text, result));
      else compiled.push(result);
    }
  }
  return { conditions, errors };
}

/** @returns why not, for what cannot be used */
function compile(text: string): CompiledExpression | string {
  try {
    const program = environment.compile(text);
    if (isSameType(program.type, types.bool)) return program;
    return `must evaluate to bool but got ${formatType(program.type)}`;
  } catch (error) {
    if (error instanceof CelCompileError) return `compilation failed: ${error.message}`;
    throw error;
  }
}

function matchAll(conditions: readonly CompiledExpression[], spec: SubjectAccessReviewSpec): boolean {
  const request = celFromJson(visibleQuestion(spec));
  const errors: string[] = [];
  for (const condition of conditions) {
    try {
      if (condition.evaluate((name) => (name === 'request' ? request : undefined)).value === false) return false;
    } catch (error) {
      if (!(error instanceof CelEvaluationError || error instanceof CelCostError)) throw error;
      errors.push(`cel evaluation error: expression '${condition.text}' resulted in error: ${error.message}`);
    }
  }
  if (errors.length > 0) throw new Error(aggregateMessages(errors));
  return true;
}

/** Every text is there, even when it is empty. */
function visibleQuestion(spec: SubjectAccessReviewSpec): JsonObject {
  const { resourceAttributes: resource, nonResourceAttributes: other } = spec;
  const empty = { namespace: '', verb: '', group: '', version: '', resource: '', subresource: '', name: '' };
  return {
    user: spec.user ?? '',
    uid: spec.uid ?? '',
    groups: spec.groups ?? [],
    extra: spec.extra ?? {},
    ...(resource === undefined ? {} : { resourceAttributes: { ...empty, ...resource } }),
    ...(other === undefined ? {} : { nonResourceAttributes: { path: '', verb: '', ...other } }),
  } as unknown as JsonObject;
}
