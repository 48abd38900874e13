import type {
  InitializerConfiguration,
  InitializerRule,
} from '../../api/admissionregistration/v1alpha1/initializer-configuration.ts';
import { type FieldError, FieldPath, invalid, invalidObject } from '../../apimachinery/field-error.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { equalJson, cloneJson } from '../../apimachinery/json.ts';
import type { Initializers, ObjectMeta, Unstructured } from '../../apimachinery/object-meta.ts';
import {
  accessQuestion,
  type AdmissionAttributes,
  type AdmissionContext,
  type AdmissionPlugin,
  resourceKey,
} from './admission-plugin.ts';
import { refusal } from './refusal.ts';

const configurationsResource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1alpha1',
  resource: 'initializerconfigurations',
} as const;
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * Gives new objects the list of the initializers that have to see them first, and lets nobody change that list (or an
 * object that still has one) who may not `initialize`. As in Kubernetes 1.7 to 1.13.
 */
export function initializers(context: AdmissionContext): AdmissionPlugin {
  const configurations = context.informer<InitializerConfiguration>(configurationsResource);
  const namesFor = (resource: GroupVersionResource): string[] => {
    const sorted = configurations
      .list()
      .toSorted((left, right) => ((left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1));
    const matching = sorted.flatMap((configuration) =>
      (configuration.initializers ?? []).filter(
        // All of them, whatever its documentation said: so the code had it.
        ({ rules = [] }) => rules.length > 0 && rules.every((rule) => matches(rule, resource)),
      ),
    );
    return [...new Set(matching.map(({ name }) => name))];
  };
  // What webhooks have changed comes a second time, with the list that it got the first time.
  const listed = new WeakSet<Unstructured>();
  return {
    name: 'Initializers',
    async admit(attributes) {
      const { operation, object, oldObject, subresource, resource } = attributes;
      if (object === undefined) return;
      if (subresource !== '') {
        // A subresource has no say in it.
        if (oldObject !== undefined) setInitializers(object.metadata, oldObject.metadata.initializers);
        return;
      }
      if (operation === 'UPDATE' && oldObject !== undefined) await admitUpdate(context, attributes, object, oldObject);
      if (operation !== 'CREATE' || listed.has(object)) return;
      const own = object.metadata.initializers;
      if (own !== undefined) {
        await requireRight(context, attributes, 'create with initializers denied');
        if (isEmpty(own)) delete object.metadata.initializers;
        return;
      }
      // What a kubelet mirrors runs already.
      if (resourceKey(attributes) === 'pods' && object.metadata.annotations?.[mirrorAnnotation] !== undefined) return;
      const names = namesFor(resource);
      if (names.length === 0) return;
      object.metadata.initializers = { pending: names.map((name) => ({ name })) };
      listed.add(object);
    },
  };
}

async function admitUpdate(
  context: AdmissionContext,
  attributes: AdmissionAttributes,
  object: Unstructured,
  old: Unstructured,
): Promise<void> {
  // A list that has become empty is the same as none.
  if (object.metadata.initializers !== undefined && isEmpty(object.metadata.initializers)) {
    delete object.metadata.initializers;
  }
  const [now, before] = [object.metadata.initializers, old.metadata.initializers];
  if (now === undefined && before === undefined) return;
  const errors = updateErrors(now, before);
  if (errors.length > 0) throw invalidObject(attributes.kind, attributes.name, errors);
  await requireRight(context, attributes, 'update to uninitialized resource denied');
}

function isEmpty({ pending, result }: Initializers): boolean {
  return (pending ?? []).length === 0 && result === undefined;
}

function setInitializers(metadata: ObjectMeta, value: Initializers | undefined): void {
  if (value === undefined) delete metadata.initializers;
  else metadata.initializers = cloneJson(value);
}

/** Initialization is over for good once it is over. */
function updateErrors(now: Initializers | undefined, before: Initializers | undefined): FieldError[] {
  const path = new FieldPath('metadata.initializers');
  if (now === undefined) return [];
  if (before === undefined) return [invalid(path, null, 'field is immutable once initialization has completed')];
  const at = path.child('result');
  if (before.result !== undefined) {
    return equalJson(before.result, now.result ?? null) ? [] : [invalid(at, now.result ?? null, 'field is immutable')];
  }
  if (now.result === undefined || now.result.status === 'Failure') return [];
  return [invalid(at.child('status'), now.result.status ?? '', "must be 'Failure'")];
}

async function requireRight(
  { access }: AdmissionContext,
  attributes: AdmissionAttributes,
  message: string,
): Promise<void> {
  const { user, resource, namespace, name } = attributes;
  const { allowed, reason } = await access.authorize(accessQuestion(user, 'initialize', resource, { namespace, name }));
  if (!allowed) throw refusal(attributes, `${message}: ${reason}`);
}

function matches(
  { apiGroups = [], apiVersions = [], resources = [] }: InitializerRule,
  { group, version, resource }: GroupVersionResource,
): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  return has(apiGroups, group) && has(apiVersions, version) && has(resources, resource);
}
