import type { StatefulSet } from '../api/types/apps-v1.ts';
import type { PersistentVolumeClaim } from '../api/types/core-v1.ts';
import { canonicalQuantity } from '../apimachinery/quantity.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { claimClass } from './persistent-volume-claim.ts';
import { describePodTemplate, plainSelector, podCounts } from './pod-template.ts';

/** A stateful set. */
export const describeStatefulSet: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as StatefulSet;
  const counts = await podCounts(object, spec?.selector, context);
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.line(0, `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`);
  text.line(0, `Selector:\t${plainSelector(spec?.selector)}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `Replicas:\t${spec?.replicas ?? 1} desired | ${status?.replicas ?? 0} total`);
  text.line(0, `Update Strategy:\t${spec?.updateStrategy?.type ?? ''}`);
  const rolling = spec?.updateStrategy?.rollingUpdate;
  if (rolling?.partition !== undefined) {
    text.line(1, `Partition:\t${rolling.partition}`);
    if (rolling.maxUnavailable !== undefined) text.line(1, `MaxUnavailable:\t${rolling.maxUnavailable}`);
  }
  text.line(0, `Pods Status:\t${counts}`);
  describePodTemplate(spec?.template, text);
  describeClaims(spec?.volumeClaimTemplates ?? [], text);
  await describeEvents(object, text, context);
};

function describeClaims(claims: readonly PersistentVolumeClaim[], text: DescribeText): void {
  text.line(0, claims.length === 0 ? 'Volume Claims:\t<none>' : 'Volume Claims:');
  for (const { metadata, spec } of claims) {
    const storage = spec?.resources?.requests?.['storage'];
    text.line(0, `  Name:\t${metadata?.name ?? ''}`);
    text.line(0, `  StorageClass:\t${claimClass({ metadata: metadata ?? {}, spec: spec ?? {} })}`);
    text.labels('  Labels', metadata?.labels);
    text.labels('  Annotations', metadata?.annotations);
    text.line(0, `  Capacity:\t${storage === undefined ? '<default>' : canonicalQuantity(storage)}`);
    text.line(0, `  Access Modes:\t[${(spec?.accessModes ?? []).join(' ')}]`);
  }
}
