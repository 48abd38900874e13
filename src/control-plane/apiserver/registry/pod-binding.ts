import {
  FieldPath,
  formatFieldError,
  notSupported,
  required,
  type FieldError,
} from '../../../apimachinery/field-error.ts';
import type { HttpResponse } from '../../../apimachinery/http.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { formatTime, type Unstructured } from '../../../apimachinery/object-meta.ts';
import { badRequest, conflict, StatusError } from '../../../apimachinery/status.ts';
import { admissionRequest, writeContext, type Endpoint } from '../endpoints/endpoint.ts';
import { managedBody, readSubresourceBody } from '../endpoints/subresource-body.ts';
import { parseWriteOptions, type ParsedWriteOptions, writeOptionsObject } from '../endpoints/request-options.ts';
import { negotiateInput, negotiateOutput } from '../negotiation.ts';
import { objectResponse } from '../responses.ts';
import { type ApiResource, storageKey } from './api-resource.ts';
import { preconditionFailed, uidMismatch } from './uid-precondition.ts';

const bindingKind = {
  gvk: { group: '', version: 'v1', kind: 'Binding' },
  type: 'io.k8s.api.core.v1.Binding',
};

/** POST pods/NAME/binding: what the scheduler says where a pod goes. */
export async function handlePodBinding(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server, name } = endpoint;
  const format = negotiateOutput(request, server.codecs, { transforms: 'metadata' });
  negotiateInput(request, server.codecs);
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const binding = await readSubresourceBody(endpoint, bindingKind, options.fieldValidation);
  await bindPod(endpoint, binding, name, options);
  return objectResponse(request, { ...format, as: '' }, 201, successStatus(201));
}

/** POST bindings: the same, the pod named by the object alone. */
export async function handleBinding(endpoint: Endpoint): Promise<HttpResponse> {
  const { request, server } = endpoint;
  const format = negotiateOutput(request, server.codecs, { transforms: 'metadata' });
  negotiateInput(request, server.codecs);
  const options = parseWriteOptions(request.query, 'CreateOptions');
  const binding = await readSubresourceBody(endpoint, bindingKind, options.fieldValidation);
  const pods = server.registry.find('', 'v1', 'pods');
  if (pods === undefined) throw new Error('pods are not served');
  const podEndpoint = { ...endpoint, resource: pods, store: server.storeOf(pods) };
  const name = binding.metadata.name ?? '';
  await bindPod(podEndpoint, binding, name, options, endpoint);
  return objectResponse(request, { ...format, as: '' }, 201, successStatus(201));
}

/** A Status that says that it went well. */
export function successStatus(code?: number): Record<string, unknown> {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  return code === undefined ? status : { ...status, code };
}

/** Binds, after admission has seen the request as it came: for the pod, or for the bindings of a namespace. */
async function bindPod(
  endpoint: Endpoint,
  binding: Unstructured,
  name: string,
  write: ParsedWriteOptions,
  admitted = endpoint,
): Promise<void> {
  const { server } = endpoint;
  const { dryRun } = write;
  const object = await managedBody(admitted, bindingKind, binding);
  const options = writeOptionsObject('CreateOptions', write);
  const facts = { name, object, dryRun, kind: bindingKind.gvk, options };
  await server.admission.mutate(admissionRequest(admitted, 'CREATE', facts));
  if ((object.metadata.name ?? '') !== name) throw badRequest('name in URL does not match name in Binding object');
  const errors = validateBinding(object);
  if (errors.length > 0) {
    const texts = errors.map(formatFieldError);
    throw new StatusError({ message: texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`, code: 500 });
  }
  if (name === '') throw badRequest('Name parameter required.');
  await server.admission.validate(admissionRequest(admitted, 'CREATE', facts));
  await assign(endpoint, object, name, dryRun);
}

async function assign(endpoint: Endpoint, binding: Unstructured, name: string, dryRun: boolean): Promise<void> {
  const { store, namespace, resource } = endpoint;
  const key = storageKey(resource, namespace, name);
  for (;;) {
    const stored = await store.getStored(namespace, name);
    const pod = store.decode(stored);
    checkAssignable(resource, pod, binding, name);
    const context = writeContext(endpoint, dryRun);
    assignNode(pod, binding, formatTime(context.now));
    if (dryRun) return;
    const result = await store.storage.put(key, store.encode(pod), stored.modRevision);
    if (result.ok) return;
  }
}

function checkAssignable(resource: ApiResource, pod: Unstructured, binding: Unstructured, name: string): void {
  const { uid, resourceVersion } = binding.metadata;
  const namespace = pod.metadata.namespace ?? '';
  if (uid !== undefined && uid !== '' && uid !== pod.metadata.uid) {
    throw uidMismatch(resource, namespace, name, uid, pod.metadata.uid ?? '');
  }
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== pod.metadata.resourceVersion) {
    const current = pod.metadata.resourceVersion ?? '';
    const text = `ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${current}`;
    throw preconditionFailed(resource, namespace, name, text);
  }
  const spec = objectAt(pod, 'spec');
  const refuse = (text: string): StatusError => conflict({ group: '', resource: 'pods/binding' }, name, text);
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const nodeName = spec['nodeName'];
  if (typeof nodeName === 'string' && nodeName !== '') {
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`);
  }
  const gates = spec['schedulingGates'];
  if (Array.isArray(gates) && gates.length > 0) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
}

function assignNode(pod: Unstructured, binding: Unstructured, now: string): void {
  const target = objectAt(binding, 'target');
  pod['spec'] = { ...objectAt(pod, 'spec'), nodeName: target['name'] ?? '' };
  if (binding.metadata.annotations !== undefined) {
    pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
  }
  if (binding.metadata.labels !== undefined) {
    pod.metadata.labels = { ...pod.metadata.labels, ...binding.metadata.labels };
  }
  const status = { ...objectAt(pod, 'status') };
  delete status['nominatedNodeName'];
  pod['status'] = status;
  setPodCondition(pod, { type: 'PodScheduled', status: 'True' }, now);
}

/** Sets a condition of a pod; its transition time moves only when the status changes. */
export function setPodCondition(
  pod: Unstructured,
  condition: JsonObject & { type: string; status: string },
  now: string,
): void {
  const status = { ...objectAt(pod, 'status') };
  const conditions: JsonValue[] = Array.isArray(status['conditions']) ? [...status['conditions']] : [];
  const index = conditions.findIndex((item) => isJsonObject(item) && item['type'] === condition.type);
  const old = index < 0 ? undefined : conditions[index];
  const since = isJsonObject(old) && old['status'] === condition.status ? (old['lastTransitionTime'] ?? now) : now;
  const updated: JsonObject = { lastProbeTime: null, ...condition, lastTransitionTime: since };
  if (index < 0) conditions.push(updated);
  else conditions[index] = updated;
  pod['status'] = { ...status, conditions };
}

function validateBinding(binding: Unstructured): FieldError[] {
  const target = objectAt(binding, 'target');
  const path = new FieldPath('target');
  const errors: FieldError[] = [];
  const kind = typeof target['kind'] === 'string' ? target['kind'] : '';
  if (kind !== '' && kind !== 'Node') errors.push(notSupported(path.child('kind'), kind, ['Node', '<empty>']));
  if ((target['name'] ?? '') === '') errors.push(required(path.child('name')));
  return errors;
}

/** A field that is an object; an empty one when it is absent. */
export function objectAt(object: Unstructured, field: string): JsonObject {
  const value = object[field];
  return isJsonObject(value) ? value : {};
}
