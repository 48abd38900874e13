import type { ReplicaSet } from '../api/types/apps-v1.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { describeController, describePodTemplate, podsStatus, selectorText } from './pod-template.ts';

/** A replica set. */
export const describeReplicaSet: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as ReplicaSet;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.line(0, `Selector:\t${selectorText(spec?.selector)}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  describeController(object, text);
  text.line(0, `Replicas:\t${status?.replicas ?? 0} current / ${spec?.replicas ?? 1} desired`);
  text.line(0, `Pods Status:\t${await podsStatus(object, spec?.selector, context)}`);
  describePodTemplate(spec?.template, text);
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.line(1, 'Type\tStatus\tReason');
    text.line(1, '----\t------\t------');
    for (const { type, status: value, reason = '' } of conditions) text.line(1, `${type} \t${value}\t${reason}`);
  }
  await describeEvents(object, text, context);
};
