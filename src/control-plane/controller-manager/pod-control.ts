import { messageOf } from '../../apimachinery/error-message.ts';
import { cloneJson } from '../../apimachinery/json.ts';
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { hasReason, StatusError } from '../../apimachinery/status.ts';
import { controllerReference } from '../../client/controller-references.ts';
import type { ControllerContext } from './controller.ts';

/** Pods as a URL names them. */
export const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** The pod that a template describes, owned by `owner`, whose name is a prefix of its own unless it is given one. */
export function podFromTemplate(template: PodTemplateSpec, owner: KubeObject, name?: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const prefix = owner.metadata.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // The real controllers leave the prefix with pods that they give a name.
      generateName: prefix.length > 251 ? prefix : `${prefix}-`,
      ...(name === undefined ? {} : { name }),
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    ...(template.spec === undefined ? {} : { spec: cloneJson(template.spec) }),
  };
}

/**
 * Creates a pod and says so in an event of its owner. One that its initializers have not all seen in time counts as
 * created: it is seen when they have, and else made anew when nobody expects it any more.
 */
export async function createPod(context: ControllerContext, owner: KubeObject, pod: Pod): Promise<void> {
  try {
    const created = await context.client.resource<Pod>(podsResource, owner.metadata.namespace).create(pod);
    const message = `Created pod: ${created.metadata.name ?? ''}`;
    context.events.event(owner, 'Normal', 'SuccessfulCreate', message);
  } catch (error) {
    if (!isNamespaceGoing(error)) {
      const text = messageOf(error);
      context.events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${text}`);
    }
    if (!isInitializing(error)) throw error;
  }
}

/** Whether a server with initializers (Kubernetes 1.7 to 1.13) has stored the object and waited for them in vain. */
function isInitializing(error: unknown): boolean {
  return hasReason(error, 'Timeout') && error instanceof Error && /requested timeout \d/.test(error.message);
}

/** Deletes a pod and says so in an event of its owner; one that is gone already counts as deleted. */
export async function deletePod(context: ControllerContext, owner: KubeObject, pod: Pod): Promise<void> {
  const { name = '', namespace, uid = '' } = pod.metadata;
  try {
    await context.client.resource<Pod>(podsResource, namespace).delete(name, { preconditions: { uid } });
    context.events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  } catch (error) {
    if (hasReason(error, 'NotFound') || hasReason(error, 'Conflict')) return;
    const text = messageOf(error);
    context.events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${text}`);
    throw error;
  }
}

/** Nothing can be created in a namespace that is being deleted; trying again is of no use. */
export function isNamespaceGoing(error: unknown): boolean {
  const causes = error instanceof StatusError ? (error.status.details?.causes ?? []) : [];
  return causes.some((cause) => cause.reason === 'NamespaceTerminating');
}
