import type { DaemonSet } from '../api/types/apps-v1.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { describePodTemplate, plainSelector, podCounts } from './pod-template.ts';

/** A daemon set. */
export const describeDaemonSet: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as DaemonSet;
  const selector = Object.entries(spec?.template.spec?.nodeSelector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .toSorted()
    .join(',');
  const counts = await podCounts(object, spec?.selector, context);
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.line(0, `Selector:\t${plainSelector(spec?.selector)}`);
  text.line(0, `Node-Selector:\t${selector === '' ? '<none>' : selector}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `Desired Number of Nodes Scheduled: ${status?.desiredNumberScheduled ?? 0}`);
  text.line(0, `Current Number of Nodes Scheduled: ${status?.currentNumberScheduled ?? 0}`);
  text.line(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status?.updatedNumberScheduled ?? 0}`);
  text.line(0, `Number of Nodes Scheduled with Available Pods: ${status?.numberAvailable ?? 0}`);
  text.line(0, `Number of Nodes Misscheduled: ${status?.numberMisscheduled ?? 0}`);
  text.line(0, `Pods Status:\t${counts}`);
  describePodTemplate(spec?.template, text);
  await describeEvents(object, text, context);
};
