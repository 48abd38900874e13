import { goQuote } from '../apimachinery/field-error.ts';
import { gvkOf } from '../apimachinery/gvk.ts';
import { cloneJson, equalJson } from '../apimachinery/json.ts';
import type { ControllerRevision, Deployment, ReplicaSet } from '../api/types/apps-v1.ts';
import type { PodTemplateSpec } from '../api/types/core-v1.ts';
import { formatLabelSelector, type ObjectLabelSelector, selectorFromObject } from '../apimachinery/labels.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { Client } from '../client/client.ts';
import { lastAppliedAnnotation } from '../patch/last-applied.ts';

/** One revision of something that is rolled out: a replica set, or a controller revision. */
export interface RolloutRevision {
  readonly number: number;
  readonly changeCause: string;
  readonly template: PodTemplateSpec;
  readonly object: Unstructured;
}

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const causeAnnotation = 'kubernetes.io/change-cause';

/** Kinds that the real program has looked at, whether or not they have revisions. */
const workloadKinds = [
  '/Pod',
  '/ReplicationController',
  'apps/DaemonSet',
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'batch/CronJob',
  'batch/Job',
];

/** What is said of a kind without revisions. @param wanted and its tool, such as `history` and `history viewer` */
export function noWayToSee(wanted: string, tool: string, object: Unstructured): string {
  const { group, kind } = gvkOf(object);
  const shown = goQuote(group === '' ? kind : `${kind}.${group}`);
  if (workloadKinds.includes(`${group}/${kind}`)) return `no ${tool} has been implemented for ${shown}`;
  return `error retrieving ${wanted} for ${shown}, no visitor method exists for {${group} ${kind}}`;
}

/** The revisions of a deployment, daemon set or stateful set, the oldest first; undefined for other kinds. */
export async function rolloutRevisions(object: Unstructured, client: Client): Promise<RolloutRevision[] | undefined> {
  if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(object.kind)) return undefined;
  const resource = object.kind === 'Deployment' ? 'replicasets' : 'controllerrevisions';
  const { selector } = (object['spec'] ?? {}) as { readonly selector?: ObjectLabelSelector };
  const list = await client
    .resource({ group: 'apps', version: 'v1', resource }, object.metadata.namespace)
    .list({ labelSelector: formatLabelSelector(selectorFromObject(selector) ?? []) });
  const kind = resource === 'replicasets' ? 'ReplicaSet' : 'ControllerRevision';
  return list.items
    .filter(({ metadata }) =>
      metadata.ownerReferences?.some(({ controller, uid }) => controller === true && uid === object.metadata.uid),
    )
    .map((item) => ({ ...item, apiVersion: 'apps/v1', kind }))
    .map((item) => (kind === 'ReplicaSet' ? fromReplicaSet(item) : fromControllerRevision(item)))
    .toSorted((left, right) => left.number - right.number);
}

function fromReplicaSet(object: Unstructured): RolloutRevision {
  const { spec, metadata } = object as unknown as ReplicaSet;
  const changeCause = metadata.annotations?.[causeAnnotation] ?? '';
  const template = cloneJson<PodTemplateSpec>(spec?.template ?? {});
  if (changeCause !== '') {
    const annotations = { ...template.metadata?.annotations, [causeAnnotation]: changeCause };
    template.metadata = { ...template.metadata, annotations };
  }
  return { number: Number(metadata.annotations?.[revisionAnnotation] ?? '0'), changeCause, template, object };
}

function fromControllerRevision(object: Unstructured): RolloutRevision {
  const { data, revision, metadata } = object as unknown as ControllerRevision;
  const kept = data as unknown as { spec?: { template?: Record<string, unknown> } } | undefined;
  const { $patch: _directive, ...template } = { ...kept?.spec?.template };
  return {
    number: revision,
    changeCause: metadata.annotations?.[causeAnnotation] ?? '',
    template,
    object,
  };
}

/** Whether the object has the template of a revision already. */
export function hasTemplateOf(object: Unstructured, revision: RolloutRevision): boolean {
  const { template } = (object['spec'] ?? {}) as { readonly template?: unknown };
  const stored = (revision.object['spec'] as { template?: unknown } | undefined)?.template ?? revision.template;
  return equalJson(withoutHash(template), withoutHash(stored));
}

/** A template without the label that each replica set adds. */
export function withoutHash(template: unknown): unknown {
  const copy = cloneJson(template ?? {}) as { metadata?: { labels?: Record<string, string> } };
  delete copy.metadata?.labels?.['pod-template-hash'];
  return copy;
}

const ownAnnotations = new Set([
  lastAppliedAnnotation,
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);

/** A deployment's annotations after a rollback: its own bookkeeping, and the rest of the replica set. */
export function annotationsAfterRollback(deployment: Unstructured, revision: RolloutRevision): Record<string, string> {
  const result: Record<string, string> = {};
  const { metadata } = deployment as unknown as Deployment;
  for (const [key, value] of Object.entries(metadata.annotations ?? {}))
    if (ownAnnotations.has(key)) result[key] = value;
  for (const [key, value] of Object.entries(revision.object.metadata.annotations ?? {})) {
    if (!ownAnnotations.has(key)) result[key] = value;
  }
  return result;
}
