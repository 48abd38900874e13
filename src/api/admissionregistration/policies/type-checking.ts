import { type GroupVersionKind, gvkText } from '../../../apimachinery/gvk.ts';
import type { JsonObject } from '../../../apimachinery/json.ts';
import { resolveSchema, type Schema, type SchemaSource } from '../../../apimachinery/schema.ts';
import { CelSource, formatIssues } from '../../../cel/issues.ts';
import { type DeclaredType, declaredTypeOf } from '../../../cel/declared-types.ts';
import type { ExpressionWarning, ValidatingAdmissionPolicy } from '../../types/admissionregistration-v1.ts';
import { PolicyCompiler } from './policy-compiler.ts';

/** Finds out what policies are about. */
export interface PolicyTypes {
  kindOf(group: string, version: string, resource: string): GroupVersionKind | undefined;
  /** The schema of a kind, without references; undefined for a kind that is not served. */
  schemaOf(kind: GroupVersionKind): JsonObject | undefined;
}

const maxTypes = 10;
const anything: JsonObject = { 'x-kubernetes-int-or-string': true };
const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** A schema as expressions are checked against it: references followed, where they do not lead back into themselves. */
export function expandedSchema(schema: Schema, source: SchemaSource, above: readonly string[] = []): JsonObject {
  const { ref } = schema;
  if (ref !== undefined && (ref === quantity || above.includes(ref))) return anything;
  const inside = ref === undefined ? above : [...above, ref];
  const { type, format, properties, additionalProperties, items, intOrString, required } = resolveSchema(
    schema,
    source,
  );
  if (intOrString === true || format === 'int-or-string') return anything;
  const expanded: JsonObject = {};
  if (type !== undefined) expanded['type'] = type;
  if (format !== undefined) expanded['format'] = format;
  if (required !== undefined) expanded['required'] = [...required];
  if (items !== undefined) expanded['items'] = expandedSchema(items, source, inside);
  if (additionalProperties !== undefined) {
    expanded['additionalProperties'] = expandedSchema(additionalProperties, source, inside);
  }
  if (properties !== undefined) {
    expanded['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, field]) => [name, expandedSchema(field, source, inside)]),
    );
  }
  return expanded;
}

/**
 * Checks the expressions of a policy against the types of the objects that it is for (KEP-3488): warnings, since a
 * policy may be right all the same.
 */
export function checkPolicyTypes(policy: ValidatingAdmissionPolicy, types: PolicyTypes): ExpressionWarning[] {
  const { validations = [], variables = [], paramKind } = policy.spec ?? {};
  const declared = (kind: GroupVersionKind): DeclaredType | undefined => {
    const schema = types.schemaOf(kind);
    return schema === undefined ? undefined : declaredTypeOf(schema, kind.kind, false);
  };
  const params = paramKind === undefined ? undefined : declared(kindOfParams(paramKind));
  const subjects = kindsOf(policy, types).flatMap((kind) => {
    const object = declared(kind);
    return object === undefined ? [] : [{ kind, object }];
  });
  const scope = { hasParams: paramKind !== undefined, hasAuthorizer: true };
  const check = (expression: string): string =>
    subjects
      .flatMap(({ kind, object }) => {
        const compiler = new PolicyCompiler(true, { object, ...(params === undefined ? {} : { params }) });
        for (const { name, expression: text } of variables) compiler.addVariable(name, text, scope);
        const { error = unresolved(expression) } = compiler.compile(expression, scope);
        // Here the real server tells what is wrong without saying that compiling failed.
        const shown = error?.replace(/^compilation failed: /, '');
        return shown === undefined ? [] : [`${gvkText(kind)}: ${shown}\n`];
      })
      .join('\n');
  return validations.flatMap(({ expression, messageExpression = '' }, index) => {
    const checks: readonly (readonly [string, string])[] = [
      ['expression', expression],
      ...(messageExpression === '' ? [] : [['messageExpression', messageExpression] as const]),
    ];
    return checks.flatMap(([field, text]) => {
      const warning = check(text);
      return warning === '' ? [] : [{ fieldRef: `spec.validations[${index}].${field}`, warning }];
    });
  });
}

/** The real server checks types without that of the authorizer, so it warns of what it asks about the request itself. */
function unresolved(expression: string): string | undefined {
  const withoutTexts = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (text) => ' '.repeat(text.length));
  const message = "unexpected failed resolution of 'kubernetes.authorization.Authorizer'";
  const issues = Array.from(withoutTexts.matchAll(/\bauthorizer(?=\s*\.\s*requestResource\b)/g), ({ index }) => ({
    offset: Array.from(withoutTexts.slice(0, withoutTexts.indexOf('.', index))).length,
    message,
  }));
  return issues.length === 0 ? undefined : formatIssues(new CelSource(expression), issues);
}

function kindOfParams({ apiVersion = '', kind = '' }: { apiVersion?: string; kind?: string }): GroupVersionKind {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(0, slash)), version: apiVersion.slice(slash + 1), kind };
}

/** The kinds that a policy names outright; wildcards are not followed. */
function kindsOf({ spec }: ValidatingAdmissionPolicy, types: PolicyTypes): GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const { apiGroups = [], apiVersions = [], resources = [] } of spec?.matchConstraints?.resourceRules ?? []) {
    if ([...apiGroups, ...apiVersions].some((name) => name.includes('*'))) continue;
    for (const group of apiGroups.toSorted()) {
      for (const version of apiVersions.toSorted()) {
        for (const resource of resources.filter((name) => !/[*/]/.test(name)).toSorted()) {
          const kind = types.kindOf(group, version, resource);
          if (kind !== undefined) found.set(`${group}\0${version}\0${kind.kind}`, kind);
          if (found.size === maxTypes) return sorted(found);
        }
      }
    }
  }
  return sorted(found);
}

function sorted(found: ReadonlyMap<string, GroupVersionKind>): GroupVersionKind[] {
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, kind]) => kind);
}
