import type { HttpResponse } from '../../../apimachinery/http.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { labelSelectorMatches, LabelSelectorError } from '../../../apimachinery/labels.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, forbidden, StatusError } from '../../../apimachinery/status.ts';
import { admissionRequest, writeContext, type Endpoint } from '../endpoints/endpoint.ts';
import {
  parseDeleteOptions,
  parseWriteOptions,
  type ParsedDeleteOptions,
  writeOptionsObject,
} from '../endpoints/request-options.ts';
import { managedBody, readSubresourceBody } from '../endpoints/subresource-body.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import { objectResponse } from '../responses.ts';
import { listPrefix, storageKey } from './api-resource.ts';
import { checkPreconditions, deleteObject } from './deletion.ts';
import { objectAt, setPodCondition, successStatus } from './pod-binding.ts';
import type { Store } from './store.ts';

const evictionKind = {
  gvk: { group: 'policy', version: 'v1', kind: 'Eviction' },
  type: 'io.k8s.api.policy.v1.Eviction',
};

const cannotEvict = "Cannot evict pod as it would violate the pod's disruption budget.";
const maxDisruptedPods = 2000;
const conflictRetries = 20;

/** POST pods/NAME/eviction: a delete that the pod's disruption budget may refuse (429). */
export async function handlePodEviction(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, name } = endpoint;
  const format = negotiateOutput(request, server.codecs, { transforms: 'metadata' });
  negotiateInput(request, server.codecs);
  const write = parseWriteOptions(request.query, 'CreateOptions');
  const body = await readSubresourceBody(endpoint, evictionKind, write.fieldValidation, {
    olderVersion: 'policy/v1beta1',
  });
  const eviction = await managedBody(endpoint, evictionKind, body);
  const facts = {
    name,
    object: eviction,
    dryRun: write.dryRun,
    kind: evictionKind.gvk,
    options: writeOptionsObject('CreateOptions', write),
  };
  await server.admission.mutate(admissionRequest(endpoint, 'CREATE', facts));
  const deleteOptions = objectAt(eviction, 'deleteOptions');
  const asked = Array.isArray(deleteOptions['dryRun']) ? deleteOptions['dryRun'] : [];
  if (eviction.metadata.name !== name) throw badRequest('name in URL does not match name in Eviction object');
  if (write.dryRun && asked.length > 0 && !equalJson(asked, ['All'])) {
    const message = `Non-matching dry-run options in request and content: [All] and [${asked.map(String).join(' ')}]`;
    throw new StatusError({ message, code: 500 });
  }
  await server.admission.validate(admissionRequest(endpoint, 'CREATE', facts));
  // Of a pod that is not there nothing else is wrong.
  await endpoint.store.get(endpoint.namespace, name);
  await evict(endpoint, {
    ...parseDeleteOptions(new URLSearchParams(), deleteOptions),
    dryRun: write.dryRun || asked.length > 0,
  });
  return objectResponse(request, { ...format, as: '' }, 201, successStatus(201));
}

async function evict(endpoint: Endpoint, options: ParsedDeleteOptions): Promise<void> {
  const { store, namespace, name } = endpoint;
  const pod = await store.get(namespace, name);
  if (ignoresBudgets(pod)) {
    await deleteEvicted(endpoint, options);
    return;
  }
  const budgets = await budgetsOf(endpoint, pod);
  if (budgets.names.length > 1) {
    throw new StatusError({
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      code: 500,
    });
  }
  const [budgetName] = budgets.names;
  if (budgetName === undefined || budgets.store === undefined) {
    await deleteEvicted(endpoint, options);
    return;
  }
  const budget = await budgets.store.get(namespace, budgetName);
  if (!isReady(pod) && allowsUnhealthy(budget)) {
    const { resourceVersion } = pod.metadata;
    const pinned = { ...options.preconditions, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await deleteEvicted(endpoint, { ...options, preconditions: pinned });
    return;
  }
  await takeDisruption(budgets.store, endpoint, budgetName, options.dryRun);
  await deleteEvicted(endpoint, options);
}

/** Pods that have ended, have not begun or are being deleted are disrupted already. */
function ignoresBudgets(pod: Unstructured): boolean {
  const { phase } = objectAt(pod, 'status');
  return (
    phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
  );
}

function isReady(pod: Unstructured): boolean {
  const { conditions } = objectAt(pod, 'status');
  return (
    Array.isArray(conditions) &&
    conditions.some((item) => isJsonObject(item) && item['type'] === 'Ready' && item['status'] === 'True')
  );
}

function allowsUnhealthy(budget: Unstructured): boolean {
  if (objectAt(budget, 'spec')['unhealthyPodEvictionPolicy'] === 'AlwaysAllow') return true;
  const status = objectAt(budget, 'status');
  const desired = numberOf(status['desiredHealthy']);
  return desired > 0 && numberOf(status['currentHealthy']) >= desired;
}

async function budgetsOf(
  endpoint: Endpoint,
  pod: Unstructured,
): Promise<{ readonly store: Store | undefined; readonly names: readonly string[] }> {
  const { server, namespace } = endpoint;
  const resource = server.registry.find('policy', 'v1', 'poddisruptionbudgets');
  if (resource === undefined) return { store: undefined, names: [] };
  const store = server.storeOf(resource);
  const { values } = await store.storage.range(listPrefix(resource, namespace));
  const names: string[] = [];
  for (const value of values) {
    const budget = store.decode(value);
    if (selects(budget, pod)) names.push(budget.metadata.name ?? '');
  }
  return { store, names };
}

function selects(budget: Unstructured, pod: Unstructured): boolean {
  const selector: unknown = objectAt(budget, 'spec')['selector'];
  try {
    return labelSelectorMatches(isJsonObject(selector) ? selector : undefined, pod.metadata.labels ?? {});
  } catch (error) {
    if (error instanceof LabelSelectorError) return false;
    throw error;
  }
}

/** Takes one disruption from the budget's status. @throws StatusError 429 when there is none, 403 when it makes no sense */
async function takeDisruption(store: Store, endpoint: Endpoint, budgetName: string, dryRun: boolean): Promise<void> {
  const { namespace, name } = endpoint;
  const key = storageKey(store.resource, namespace, budgetName);
  for (let attempt = 0; attempt < conflictRetries; attempt++) {
    const stored = await store.getStored(namespace, budgetName);
    const budget = store.decode(stored);
    const status = objectAt(budget, 'status');
    checkBudget(budget, status, budgetName);
    if (dryRun) return;
    const disrupted: JsonObject = isJsonObject(status['disruptedPods']) ? { ...status['disruptedPods'] } : {};
    disrupted[name] = formatTime(store.now());
    const allowed = numberOf(status['disruptionsAllowed']) - 1;
    budget['status'] = { ...status, disruptionsAllowed: allowed, disruptedPods: disrupted };
    if (allowed === 0) tellThatNoneIsLeft(budget, formatTime(store.now()));
    const result = await store.storage.put(key, store.encode(budget), stored.modRevision);
    if (result.ok) return;
  }
  throw new StatusError({
    message: `Timeout: couldn't update PodDisruptionBudget "${budgetName}" due to conflicts`,
    reason: 'Timeout',
    details: { retryAfterSeconds: 10 },
    code: 504,
  });
}

function tellThatNoneIsLeft(budget: Unstructured, now: string): void {
  const status = objectAt(budget, 'status');
  const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
  const isIt = (item: JsonValue): boolean => isJsonObject(item) && item['type'] === 'DisruptionAllowed';
  const old = conditions.find(isIt);
  const wasFalse = isJsonObject(old) && old['status'] === 'False';
  const condition: JsonObject = {
    type: 'DisruptionAllowed',
    status: 'False',
    observedGeneration: numberOf(status['observedGeneration']),
    lastTransitionTime: wasFalse ? (old['lastTransitionTime'] ?? now) : now,
    reason: 'InsufficientPods',
    message: '',
  };
  const changed =
    old === undefined ? [...conditions, condition] : conditions.map((one) => (isIt(one) ? condition : one));
  budget['status'] = { ...status, conditions: changed };
}

function checkBudget(budget: Unstructured, status: JsonObject, name: string): void {
  if (numberOf(status['observedGeneration']) < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10);
  }
  const allowed = numberOf(status['disruptionsAllowed']);
  const gr = { group: 'policy', resource: 'poddisruptionbudget' };
  if (allowed < 0) throw forbidden(gr, name, 'pdb disruptions allowed is negative');
  const disrupted = isJsonObject(status['disruptedPods']) ? Object.keys(status['disruptedPods']).length : 0;
  if (disrupted > maxDisruptedPods) {
    throw forbidden(gr, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw tooManyRequests(refusalText(status, name), 0);
}

/** Why the budget allows nothing, in the words of the real server. */
function refusalText(status: JsonObject, name: string): string {
  const conditions = Array.isArray(status['conditions']) ? status['conditions'] : [];
  const condition = conditions.find((item) => isJsonObject(item) && item['type'] === 'DisruptionAllowed');
  const isFalse = isJsonObject(condition) && condition['status'] === 'False';
  const message = isFalse && typeof condition['message'] === 'string' ? condition['message'] : '';
  const reason = isFalse && typeof condition['reason'] === 'string' ? condition['reason'] : '';
  const start = `The disruption budget ${name} does not allow evicting pods currently`;
  if (message !== '' && reason === 'SyncFailed') return `${start} because it failed sync: ${message}`;
  const current = numberOf(status['currentHealthy']);
  const desired = numberOf(status['desiredHealthy']);
  if (current <= desired)
    return `The disruption budget ${name} needs ${desired} healthy pods and has ${current} currently`;
  return message === '' ? start : `${start} (${reason}): ${message}`;
}

function tooManyRequests(cause: string, retryAfterSeconds: number): StatusError {
  return new StatusError({
    message: cannotEvict,
    reason: 'TooManyRequests',
    details: {
      causes: [{ reason: 'DisruptionBudget', message: cause }],
      ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
    },
    code: 429,
  });
}

/** Marks the pod as a target of disruption, then deletes it. */
async function deleteEvicted(endpoint: Endpoint, options: ParsedDeleteOptions): Promise<void> {
  const { store, namespace, name, resource } = endpoint;
  let { preconditions } = options;
  if (!options.dryRun) {
    const key = storageKey(resource, namespace, name);
    for (;;) {
      const stored = await store.getStored(namespace, name);
      const pod = store.decode(stored);
      checkPreconditions(store, name, pod, options);
      const now = formatTime(store.now());
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
      };
      setPodCondition(pod, condition, now);
      const result = await store.storage.put(key, store.encode(pod), stored.modRevision);
      if (!result.ok) continue;
      if (preconditions.resourceVersion !== undefined) {
        preconditions = { ...preconditions, resourceVersion: String(result.revision) };
      }
      break;
    }
  }
  await deleteObject(store, name, writeContext(endpoint, options.dryRun), { ...options, preconditions }, () =>
    Promise.resolve(),
  );
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
