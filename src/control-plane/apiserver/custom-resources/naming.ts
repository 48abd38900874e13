import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
} from '../../../api/types/apiextensions-v1.ts';
import { aggregateMessages, FieldPath, formatFieldError } from '../../../apimachinery/field-error.ts';
import { equalJson, type JsonObject } from '../../../apimachinery/json.ts';
import { validateStructural } from '../../../api/apiextensions/schema/structural-validation.ts';

/** A condition without the time of its last change. */
export type ConditionState = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>;

/** Which of the names that a definition asks for it gets, and what its conditions become. */
export interface Naming {
  readonly acceptedNames: CustomResourceDefinitionNames;
  readonly conditions: readonly ConditionState[];
}

/** Compares the names that a definition asks for with those of all others of its group. */
export function acceptNames(crd: CustomResourceDefinition, all: readonly CustomResourceDefinition[]): Naming {
  const others = all.filter(
    (other) => other.metadata.name !== crd.metadata.name && other.spec.group === crd.spec.group,
  );
  const accepted = others.map(({ status }) => status?.acceptedNames).filter((names) => names !== undefined);
  const resources = new Set(
    accepted.flatMap(({ plural, singular, shortNames }) => [plural, singular ?? '', ...(shortNames ?? [])]),
  );
  const kinds = new Set(accepted.flatMap(({ kind, listKind }) => [kind, listKind ?? '']));
  const wanted = crd.spec.names;
  const names: CustomResourceDefinitionNames = { ...(crd.status?.acceptedNames ?? { kind: '', plural: '' }) };
  let conflict: { readonly reason: string; readonly message: string } | undefined;
  const take = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    used: ReadonlySet<string>,
    reason: string,
  ): void => {
    const name = wanted[field] ?? '';
    if (name !== (names[field] ?? '') && used.has(name)) conflict = { reason, message: inUse(name) };
    else names[field] = name;
  };
  take('plural', resources, 'PluralConflict');
  take('singular', resources, 'SingularConflict');
  const taken = (wanted.shortNames ?? []).filter(
    (name) => names.shortNames?.includes(name) !== true && resources.has(name),
  );
  if (taken.length > 0) conflict = { reason: 'ShortNamesConflict', message: aggregateMessages(taken.map(inUse)) };
  else setList(names, 'shortNames', wanted.shortNames);
  take('kind', kinds, 'KindConflict');
  take('listKind', kinds, 'ListKindConflict');
  setList(names, 'categories', wanted.categories);
  return { acceptedNames: names, conditions: conditionsFor(crd, conflict) };
}

function inUse(name: string): string {
  return `${JSON.stringify(name)} is already in use`;
}

function setList(
  names: CustomResourceDefinitionNames,
  field: 'shortNames' | 'categories',
  value: string[] | undefined,
): void {
  if (value === undefined) delete names[field];
  else names[field] = [...value];
}

function conditionsFor(
  crd: CustomResourceDefinition,
  conflict: { readonly reason: string; readonly message: string } | undefined,
): ConditionState[] {
  const isEstablished = crd.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True');
  const conditions: ConditionState[] = [
    ...approvalCondition(crd),
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict },
  ];
  if (isEstablished !== true) {
    conditions.push(
      conflict === undefined
        ? {
            type: 'Established',
            status: 'True',
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          }
        : { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' },
    );
  }
  return [...conditions, ...schemaCondition(crd)];
}

/** A schema that is not structural is told of; one that is needs no condition. */
function schemaCondition({ spec }: CustomResourceDefinition): ConditionState[] {
  const errors = spec.versions.flatMap((version, index) => {
    const schema = version.schema?.openAPIV3Schema as unknown as JsonObject | undefined;
    const path = new FieldPath('spec.versions').index(index).child('schema', 'openAPIV3Schema');
    return schema === undefined ? [] : validateStructural(schema, path);
  });
  if (errors.length === 0) return [];
  const message = aggregateMessages(errors.map(formatFieldError));
  return [{ type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }];
}

/** In the project's own groups, whether reviewers agreed. */
function approvalCondition({ metadata, spec }: CustomResourceDefinition): ConditionState[] {
  if (!/(?:^|\.)(?:k8s\.io|kubernetes\.io)$/.test(spec.group)) return [];
  const text = metadata.annotations?.['api-approved.kubernetes.io'] ?? '';
  const type = 'KubernetesAPIApprovalPolicyConformant';
  if (text.startsWith('unapproved')) {
    const message = `not approved: ${JSON.stringify(text)}`;
    return [{ type, status: 'False', reason: 'UnapprovedAnnotation', message }];
  }
  return text === '' ? [] : [{ type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${text}` }];
}

/** The conditions with new states: times stay where the status does, what is not said anew stays as it is. */
export function mergeConditions(
  before: readonly CustomResourceDefinitionCondition[],
  states: readonly ConditionState[],
  time: string,
): CustomResourceDefinitionCondition[] {
  const merged = [...before];
  for (const state of states) {
    const index = merged.findIndex(({ type }) => type === state.type);
    const old = merged[index];
    if (old === undefined) merged.push({ lastTransitionTime: time, ...state });
    else {
      const { lastTransitionTime, ...known } = old;
      if (equalJson(known, state)) continue;
      const since = old.status === state.status ? lastTransitionTime : time;
      merged[index] = { ...(since === undefined ? {} : { lastTransitionTime: since }), ...state };
    }
  }
  return merged;
}
