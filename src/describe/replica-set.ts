import type { ReplicaSet } from '../api/types/apps-v1.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import {
  describeConditions,
  describeController,
  describePodTemplate,
  podCounts,
  selectorText,
} from './pod-template.ts';

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
  text.line(0, `Pods Status:\t${await countsOrError(object, context)}`);
  describePodTemplate(spec?.template, text);
  describeConditions(status?.conditions ?? [], text);
  await describeEvents(object, text, context);
};

/** What a replica set says of its pods even where they cannot be read. */
async function countsOrError(object: Unstructured, context: DescribeContext): Promise<string> {
  try {
    return await podCounts(object, (object as unknown as ReplicaSet).spec?.selector, context);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `error in fetching pods: ${error.message}`;
  }
}
