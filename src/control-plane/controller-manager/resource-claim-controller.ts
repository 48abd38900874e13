import { claimOfEntry, consumerOf, isClaimOf, isReservedFor } from '../../api/resource/v1/pod-claims.ts';
import type { Pod, PodResourceClaim } from '../../api/types/core-v1.ts';
import type { ResourceClaim, ResourceClaimTemplate } from '../../api/types/resource-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';
import { podsResource } from './pod-control.ts';
import { isPodOver, releaseClaim, resourceClaimsResource } from './resource-claim-release.ts';

const templatesResource = { group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaimtemplates' } as const;
/** Which entry of its pod a claim was made for. */
const entryAnnotation = 'resource.kubernetes.io/pod-claim-name';
/** A name of 63 letters, without the hyphen and five letters that the server adds. */
const longestBase = 57;

interface Known {
  readonly pods: Informer<Pod>;
  readonly claims: Informer<ResourceClaim>;
  readonly templates: Informer<ResourceClaimTemplate>;
}

/**
 * Makes the claims for devices that pods have templates for, and takes the devices back from pods that are over
 * (KEP-4381). Keys are `pod:` and `claim:` with namespace and name.
 */
export function createResourceClaimController(context: ControllerContext): Controller {
  const known: Known = {
    pods: context.informers.informer<Pod>(podsResource),
    claims: context.informers.informer<ResourceClaim>(resourceClaimsResource),
    templates: context.informers.informer<ResourceClaimTemplate>(templatesResource),
  };
  return createKeyedController({
    name: 'resourceclaim-controller',
    context,
    register(queue) {
      const lookAtClaims = (pod: Pod): void => {
        for (const name of claimNames(pod)) queue.add(`claim:${pod.metadata.namespace ?? ''}/${name}`);
      };
      const look = (pod: Pod): void => {
        if ((pod.spec?.resourceClaims ?? []).length === 0) return;
        if (isPodOver(pod)) lookAtClaims(pod);
        else if (pod.metadata.deletionTimestamp === undefined) queue.add(`pod:${keyOf(pod)}`);
      };
      const lookAtUsers = (namespace: string, uses: (pod: Pod) => boolean): void =>
        known.pods.list(namespace).filter(uses).forEach(look);
      const changed = (claim: ResourceClaim): void => queue.add(`claim:${keyOf(claim)}`);
      known.pods.addHandler({ added: look, updated: look, deleted: lookAtClaims });
      known.claims.addHandler({
        added: changed,
        updated: changed,
        deleted: ({ metadata: { name = '', namespace = '' } }) =>
          lookAtUsers(namespace, (pod) => claimNames(pod).includes(name)),
      });
      known.templates.addHandler({
        added: ({ metadata: { name, namespace = '' } }) =>
          lookAtUsers(
            namespace,
            ({ spec }) => spec?.resourceClaims?.some((entry) => entry.resourceClaimTemplateName === name) === true,
          ),
      });
    },
    async sync(key) {
      const { namespace, name } = splitKey(key.slice(key.indexOf(':') + 1));
      if (key.startsWith('claim:')) {
        await releaseClaim(context, known.claims.get(namespace, name), (pod) => known.pods.get(namespace, pod));
        return;
      }
      const pod = known.pods.get(namespace, name);
      if (pod !== undefined && pod.metadata.deletionTimestamp === undefined) await syncPod(context, known, pod);
    },
  });
}

function claimNames(pod: Pod): string[] {
  return (pod.spec?.resourceClaims ?? []).flatMap((entry) => {
    const claim = claimOfEntry(pod, entry);
    return typeof claim === 'string' ? [] : [claim.name];
  });
}

async function syncPod(context: ControllerContext, known: Known, pod: Pod): Promise<void> {
  const made: { name: string; resourceClaimName: string }[] = [];
  for (const entry of pod.spec?.resourceClaims ?? []) {
    try {
      const name = await ensureClaim(context, known, pod, entry);
      if (name !== undefined) made.push({ name: entry.name, resourceClaimName: name });
    } catch (error) {
      const text = `PodResourceClaim ${entry.name}: ${messageOf(error)}`;
      context.events.event(pod, 'Warning', 'FailedResourceClaimCreation', text);
      throw error;
    }
  }
  const { name = '', namespace } = pod.metadata;
  if (made.length > 0) {
    const wanted = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, status: { resourceClaimStatuses: made } };
    await context.client.resource<Pod>(podsResource, namespace).patch(name, 'application/apply-patch+yaml', wanted, {
      subresource: 'status',
      fieldManager: 'ResourceClaimController',
      force: true,
    });
  }
  // Whoever has no node yet is the scheduler's business.
  if ((pod.spec?.nodeName ?? '') !== '') await reserveAll(context, known, pod);
}

/** @returns the name of a claim that the pod's status does not tell yet */
async function ensureClaim(
  { client }: ControllerContext,
  { claims, templates }: Known,
  pod: Pod,
  entry: PodResourceClaim,
): Promise<string | undefined> {
  const { namespace = '' } = pod.metadata;
  const told = claimOfEntry(pod, entry);
  const templateName = entry.resourceClaimTemplateName;
  if (told === 'none' || templateName === undefined) return undefined;
  if (told !== 'pending') {
    const claim = claims.get(namespace, told.name);
    if (claim !== undefined && isClaimOf(pod, claim)) return undefined;
  }
  const isMade = (claim: ResourceClaim): boolean =>
    isClaimOf(pod, claim) && claim.metadata.annotations?.[entryAnnotation] === entry.name;
  const known = claims.list(namespace).find(isMade);
  if (known !== undefined) return known.metadata.name;
  const template = templates.get(namespace, templateName);
  if (template === undefined) {
    const missing = `resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
    throw new Error(`resource claim template "${templateName}": ${missing}`);
  }
  const created = await client
    .resource<ResourceClaim>(resourceClaimsResource, namespace)
    .create(claimFrom(template, pod, entry.name));
  return created.metadata.name;
}

function claimFrom({ spec }: ResourceClaimTemplate, pod: Pod, entryName: string): ResourceClaim {
  const { name = '', uid = '' } = pod.metadata;
  const { annotations, labels } = spec.metadata ?? {};
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      generateName: generatedName(name, entryName),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
      annotations: { ...annotations, [entryAnnotation]: entryName },
      ...(labels === undefined ? {} : { labels }),
    },
    spec: spec.spec,
  };
}

/** Both names, each shortened by its part of what is too long. */
export function generatedName(podName: string, entryName: string): string {
  const whole = `${podName}-${entryName}-`;
  if (whole.length <= longestBase) return whole;
  const shortened = (text: string): string => text.slice(0, Math.floor((text.length * longestBase) / whole.length));
  return `${shortened(podName)}-${shortened(entryName)}`;
}

/** A pod that was given its node by somebody else is told to the claims that have devices already. */
async function reserveAll({ client }: ControllerContext, { claims }: Known, pod: Pod): Promise<void> {
  const { namespace = '' } = pod.metadata;
  for (const entry of pod.spec?.resourceClaims ?? []) {
    const told = claimOfEntry(pod, entry);
    if (typeof told === 'string') continue;
    const claim = claims.get(namespace, told.name);
    if (claim?.status?.allocation === undefined || isReservedFor(pod, claim)) continue;
    if (told.isGenerated && !isClaimOf(pod, claim)) {
      const owner = `${namespace}/${pod.metadata.name ?? ''}`;
      throw new Error(`ResourceClaim ${keyOf(claim)} was not created for Pod ${owner} (Pod is not owner)`);
    }
    const reservedFor = [...(claim.status.reservedFor ?? []), consumerOf(pod)];
    await client
      .resource<ResourceClaim>(resourceClaimsResource, namespace)
      .update({ ...claim, status: { ...claim.status, reservedFor } }, { subresource: 'status' });
  }
}
