import type { PolicyRule } from '../../../api/types/rbac-v1.ts';
import { cloneJson, equalJson } from '../../../apimachinery/json.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client, ResourceClient } from '../../../client/client.ts';
import { CommandError } from '../../../cli/command.ts';
import type { BindingSubject } from '../../../generators/binding-subjects.ts';
import { uncoveredRules } from './policy-rules.ts';

/** What is done about what is more than a manifest says. */
export interface ReconcilePolicy {
  readonly isDryRun: boolean;
  readonly removeExtraPermissions: boolean;
  readonly removeExtraSubjects: boolean;
}

/** What an object was brought to, and what that took. */
export interface ReconcileResult {
  readonly object: Unstructured;
  readonly operation: 'none' | 'create' | 'update' | 'recreate';
  /** The object says that it does not want to be changed. */
  readonly isProtected: boolean;
  readonly missingRules: readonly PolicyRule[];
  readonly extraRules: readonly PolicyRule[];
  readonly missingSubjects: readonly BindingSubject[];
  readonly extraSubjects: readonly BindingSubject[];
}

const nothing = { isProtected: false, missingRules: [], extraRules: [], missingSubjects: [], extraSubjects: [] };
const maxAttempts = 3;

/** Brings a role or a binding to what a manifest says. @throws StatusError, CommandError */
export async function reconcileObject(
  expected: Unstructured,
  client: Client,
  policy: ReconcilePolicy,
): Promise<ReconcileResult> {
  const resource = resourceOf(expected, client);
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const existing = await orUndefined(resource.get(expected.metadata.name ?? ''), 'NotFound');
    const result = existing === undefined ? missing(expected) : compare(existing, expected, policy);
    if (result.isProtected || policy.isDryRun || result.operation === 'none') return result;
    const object = await write(result, existing, resource, client);
    if (object !== undefined) return { ...result, object };
  }
  throw new CommandError('exceeded maximum attempts');
}

function resourceOf({ kind, metadata }: Unstructured, client: Client): ResourceClient {
  const gvr = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: `${kind.toLowerCase()}s` };
  return client.resource(gvr, kind.startsWith('Cluster') ? undefined : metadata.namespace);
}

async function orUndefined<T>(promise: Promise<T>, reason: string): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (hasReason(error, reason)) return undefined;
    throw error;
  }
}

/** @returns undefined where somebody else was faster, so that it is to be looked at again */
async function write(
  { object, operation }: ReconcileResult,
  existing: Unstructured | undefined,
  resource: ResourceClient,
  client: Client,
): Promise<Unstructured | undefined> {
  if (operation === 'update') return orUndefined(resource.update(object), 'NotFound');
  if (operation === 'recreate' && existing !== undefined) {
    const { name = '', uid } = existing.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await resource.delete(name, preconditions);
    } catch (error) {
      if (hasReason(error, 'Conflict')) return undefined;
      if (!hasReason(error, 'NotFound')) throw error;
    }
  }
  if (!object.kind.startsWith('Cluster')) await ensureNamespace(object.metadata.namespace ?? '', client);
  return orUndefined(resource.create(object), 'AlreadyExists');
}

/** Makes a namespace that is not there; who may neither see nor make namespaces may still make roles. */
async function ensureNamespace(name: string, client: Client): Promise<void> {
  if (name === '') throw new CommandError('resource name may not be empty');
  const namespaces = client.resource({ group: '', version: 'v1', resource: 'namespaces' });
  try {
    await namespaces.get(name);
    return;
  } catch (error) {
    if (!hasReason(error, 'NotFound') && !hasReason(error, 'Forbidden')) throw error;
  }
  try {
    await namespaces.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  } catch (error) {
    if (!hasReason(error, 'AlreadyExists') && !hasReason(error, 'Forbidden')) throw error;
  }
}

function missing(expected: Unstructured): ReconcileResult {
  return {
    ...nothing,
    object: expected,
    operation: 'create',
    missingRules: rulesOf(expected),
    missingSubjects: subjectsOf(expected),
  };
}

function compare(existing: Unstructured, expected: Unstructured, policy: ReconcilePolicy): ReconcileResult {
  const isProtected = existing.metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false';
  if (!equalJson(existing['roleRef'], expected['roleRef'])) {
    return { ...nothing, isProtected, object: expected, operation: 'recreate' };
  }
  const object = cloneJson(existing);
  for (const field of ['annotations', 'labels'] as const) {
    const merged = { ...expected.metadata[field], ...existing.metadata[field] };
    if (Object.keys(merged).length > 0) object.metadata[field] = merged;
  }
  const found = expected.kind.endsWith('Binding')
    ? { ...nothing, ...mergeSubjects(object, expected, policy) }
    : { ...nothing, ...mergeRules(object, expected, policy) };
  return { ...found, isProtected, object, operation: equalJson(object, existing) ? 'none' : 'update' };
}

function mergeSubjects(
  object: Unstructured,
  expected: Unstructured,
  { removeExtraSubjects }: ReconcilePolicy,
): Pick<ReconcileResult, 'missingSubjects' | 'extraSubjects'> {
  const [wanted, present] = [subjectsOf(expected), subjectsOf(object)];
  const missingSubjects = onlyIn(wanted, present);
  const extraSubjects = onlyIn(present, wanted);
  if (removeExtraSubjects && missingSubjects.length + extraSubjects.length > 0) object['subjects'] = wanted;
  else if (missingSubjects.length > 0) object['subjects'] = [...present, ...missingSubjects];
  return { missingSubjects, extraSubjects };
}

function onlyIn<T>(some: readonly T[], others: readonly T[]): T[] {
  const alone = some.filter((one) => !others.some((other) => equalJson(one, other)));
  return alone.filter((one, index) => alone.findIndex((other) => equalJson(one, other)) === index);
}

function mergeRules(
  object: Unstructured,
  expected: Unstructured,
  { removeExtraPermissions }: ReconcilePolicy,
): Pick<ReconcileResult, 'missingRules' | 'extraRules'> {
  const [wanted, present] = [rulesOf(expected), rulesOf(object)];
  const [wantedSelectors, presentSelectors] = [selectorsOf(expected), selectorsOf(object)];
  // What an aggregated role allows is not its own to compare.
  const extraRules =
    wantedSelectors === undefined || presentSelectors === undefined ? uncoveredRules(wanted, present) : [];
  const missingRules = uncoveredRules(present, wanted);
  if (removeExtraPermissions && missingRules.length + extraRules.length > 0) object['rules'] = wanted;
  else if (!removeExtraPermissions && missingRules.length > 0) object['rules'] = [...present, ...missingRules];
  const missingSelectors = onlyIn(wantedSelectors ?? [], presentSelectors ?? []);
  const extraSelectors = onlyIn(presentSelectors ?? [], wantedSelectors ?? []);
  if (wantedSelectors === undefined) {
    delete object['aggregationRule'];
  } else if (!removeExtraPermissions && missingSelectors.length > 0) {
    object['aggregationRule'] = { clusterRoleSelectors: [...(presentSelectors ?? []), ...missingSelectors] };
  } else if (removeExtraPermissions && missingSelectors.length + extraSelectors.length > 0) {
    object['aggregationRule'] = expected['aggregationRule'];
  }
  return { missingRules, extraRules };
}

function rulesOf(role: Unstructured): readonly PolicyRule[] {
  return (role['rules'] ?? []) as readonly PolicyRule[];
}

function subjectsOf(binding: Unstructured): readonly BindingSubject[] {
  return (binding['subjects'] ?? []) as readonly BindingSubject[];
}

function selectorsOf(role: Unstructured): readonly unknown[] | undefined {
  const rule = role['aggregationRule'] as { readonly clusterRoleSelectors?: readonly unknown[] } | null | undefined;
  return rule === undefined || rule === null ? undefined : (rule.clusterRoleSelectors ?? []);
}
