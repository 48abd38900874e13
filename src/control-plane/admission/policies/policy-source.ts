import type { GroupVersionResource } from '../../../apimachinery/gvk.ts';
import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import type { AdmissionContext } from '../admission-plugin.ts';

/** A policy with everything that puts it into force. */
export interface PolicyHook<P, B> {
  readonly policy: P;
  readonly bindings: readonly B[];
}

interface Binding extends KubeObject {
  readonly spec?: { readonly policyName?: string };
}

/** Lists a resource of the group: the local copy, and the server until that is there. */
export function admissionObjects<T extends KubeObject>(
  context: AdmissionContext,
  resource: string,
): () => Promise<readonly T[]> {
  const gvr: GroupVersionResource = { group: 'admissionregistration.k8s.io', version: 'v1', resource };
  const informer = context.informer<T>(gvr);
  return async () => (informer.hasSynced() ? informer.list() : (await context.client.resource<T>(gvr).list()).items);
}

/** Orders objects by name. */
export function byName(left: KubeObject, right: KubeObject): number {
  return (left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1;
}

/** The policies that some binding puts into force, by name. */
export function policyHooks<P extends KubeObject, B extends Binding>(
  context: AdmissionContext,
  policyResource: string,
  bindingResource: string,
): () => Promise<readonly PolicyHook<P, B>[]> {
  const listPolicies = admissionObjects<P>(context, policyResource);
  const listBindings = admissionObjects<B>(context, bindingResource);
  return async () => {
    const allBindings = await listBindings();
    if (allBindings.length === 0) return [];
    const policies = await listPolicies();
    return policies
      .map((policy) => ({
        policy,
        bindings: allBindings.filter(({ spec }) => spec?.policyName === policy.metadata.name).toSorted(byName),
      }))
      .filter(({ bindings }) => bindings.length > 0)
      .toSorted((left, right) => byName(left.policy, right.policy));
  };
}

/** Makes something of a policy once for every version of it. */
export function perVersion<P extends KubeObject, T>(make: (policy: P) => T): (policy: P) => T {
  const made = new Map<string, { readonly version: string; readonly value: T }>();
  return (policy) => {
    const { uid = '', name = '', resourceVersion = '' } = policy.metadata;
    const version = `${uid} ${resourceVersion}`;
    let entry = made.get(name);
    if (entry?.version !== version || version === ' ') {
      entry = { version, value: make(policy) };
      made.set(name, entry);
    }
    return entry.value;
  };
}

/** What no policy may have a say in: policies themselves, and what is asked of the server without being kept. */
const exempt: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'authentication.k8s.io/selfsubjectreviews',
  'authentication.k8s.io/tokenreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
  'authorization.k8s.io/subjectaccessreviews',
]);

/** Whether requests for a resource are never looked at. */
export function isExempt({ group, resource }: GroupVersionResource): boolean {
  return exempt.has(`${group}/${resource}`);
}
