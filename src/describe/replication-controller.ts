import type { ReplicationController } from '../api/types/core-v1.ts';
import { formatLabels } from '../printers/table-printer.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { describeConditions, describePodTemplate, podCounts } from './pod-template.ts';

/** A replication controller. */
export const describeReplicationController: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as ReplicationController;
  const counts = await podCounts(object, { matchLabels: spec?.selector ?? {} }, context);
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  text.line(0, `Selector:\t${formatLabels(spec?.selector)}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec?.replicas ?? 1} desired`);
  text.line(0, `Pods Status:\t${counts}`);
  if (spec?.template !== undefined) describePodTemplate(spec.template, text);
  else text.part('Pod Template:\n  <unset>');
  describeConditions(status?.conditions ?? [], text);
  await describeEvents(object, text, context);
};
