import type { Deployment, ReplicaSet } from '../api/types/apps-v1.ts';
import { cloneJson, equalJson } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import { longTime } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { listAll, related } from './list-all.ts';
import { describeConditions, describePodTemplate, plainSelector } from './pod-template.ts';

/** A deployment, with its replica sets. */
export const describeDeployment: Describer = async (object, text, context) => {
  const { metadata, spec, status = {} } = object as unknown as Deployment;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `Selector:\t${plainSelector(spec?.selector)}`);
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, unavailableReplicas = 0 } = status;
  text.line(
    0,
    `Replicas:\t${spec?.replicas ?? 1} desired | ${updatedReplicas} updated | ${replicas} total | ${availableReplicas} available | ${unavailableReplicas} unavailable`,
  );
  text.line(0, `StrategyType:\t${spec?.strategy?.type ?? ''}`);
  text.line(0, `MinReadySeconds:\t${spec?.minReadySeconds ?? 0}`);
  const rolling = spec?.strategy?.rollingUpdate;
  if (rolling !== undefined) {
    const { maxUnavailable = '<nil>', maxSurge = '<nil>' } = rolling;
    text.line(0, `RollingUpdateStrategy:\t${maxUnavailable} max unavailable, ${maxSurge} max surge`);
  }
  describePodTemplate(spec?.template, text);
  describeConditions(status.conditions ?? [], text);
  const { current, old } = splitReplicaSets(object, await replicaSetsOf(object, context));
  if (current !== undefined || old.length > 0) {
    text.line(0, `OldReplicaSets:\t${replicaSetTexts(old)}`);
    text.line(0, `NewReplicaSet:\t${replicaSetTexts(current === undefined ? [] : [current])}`);
  }
  await describeEvents(object, text, context);
};

/** The replica sets that a deployment controls; none where they cannot be read. */
async function replicaSetsOf(object: Unstructured, context: DescribeContext): Promise<ReplicaSet[]> {
  const labelSelector = plainSelector((object as unknown as Deployment).spec?.selector);
  try {
    const sets = await listAll<ReplicaSet>(context, related.replicaSets, object.metadata.namespace, { labelSelector });
    return sets.filter(({ metadata }) =>
      metadata?.ownerReferences?.some(({ controller, uid }) => controller === true && uid === object.metadata.uid),
    );
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

/** Which replica set has the deployment's own template (the oldest of those), and the others. */
function splitReplicaSets(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): { readonly current: ReplicaSet | undefined; readonly old: readonly ReplicaSet[] } {
  const wanted = withoutHash(deployment.spec?.template);
  const byAge = sets.toSorted((left, right) => {
    const difference =
      Date.parse(left.metadata?.creationTimestamp ?? '') - Date.parse(right.metadata?.creationTimestamp ?? '');
    return difference === 0 ? ((left.metadata?.name ?? '') < (right.metadata?.name ?? '') ? -1 : 1) : difference;
  });
  const current = byAge.find(({ spec }) => equalJson(withoutHash(spec?.template), wanted));
  return { current, old: byAge.filter((set) => set !== current) };
}

function withoutHash(template: unknown): unknown {
  const copy = cloneJson((template ?? {}) as { metadata?: { labels?: Record<string, string> } });
  delete copy.metadata?.labels?.['pod-template-hash'];
  return copy;
}

function replicaSetTexts(sets: readonly ReplicaSet[]): string {
  const texts = sets.map(
    ({ metadata, spec, status }) =>
      `${metadata?.name ?? ''} (${status?.replicas ?? 0}/${spec?.replicas ?? 1} replicas created)`,
  );
  return texts.length === 0 ? '<none>' : texts.join(', ');
}
