import type { Pod } from '../api/types/core-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import { describeContainers, describeResources } from './containers.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { eventsOf, subjectOf, writeEvents } from './events.ts';
import { describeController, describeSchedulingGroup, describeSpreading, tolerationTexts } from './pod-template.ts';
import { describeVolumes } from './volumes.ts';

/** A pod. */
export const describePod: Describer = async (object, text, context) => {
  const pod = object as unknown as Pod;
  const { metadata, spec, status = {} } = pod;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  if (spec?.priority !== undefined) text.line(0, `Priority:\t${spec.priority}`);
  if ((spec?.priorityClassName ?? '') !== '') text.line(0, `Priority Class Name:\t${spec?.priorityClassName ?? ''}`);
  if ((spec?.runtimeClassName ?? '') !== '') text.line(0, `Runtime Class Name:\t${spec?.runtimeClassName ?? ''}`);
  if ((spec?.serviceAccountName ?? '') !== '') text.line(0, `Service Account:\t${spec?.serviceAccountName ?? ''}`);
  const node = spec?.nodeName ?? '';
  text.line(0, node === '' ? 'Node:\t<none>' : `Node:\t${node}/${status.hostIP ?? ''}`);
  if (status.startTime !== undefined) text.line(0, `Start Time:\t${longTime(status.startTime)}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  if (metadata.deletionTimestamp !== undefined && status.phase !== 'Failed' && status.phase !== 'Succeeded') {
    const lasts = humanDuration(context.now - Date.parse(metadata.deletionTimestamp));
    text.line(0, `Status:\tTerminating (lasts ${lasts})`);
    text.line(0, `Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else {
    text.line(0, `Status:\t${status.phase ?? ''}`);
  }
  if ((status.reason ?? '') !== '') text.line(0, `Reason:\t${status.reason ?? ''}`);
  if ((status.message ?? '') !== '') text.line(0, `Message:\t${status.message ?? ''}`);
  const profile = spec?.securityContext?.seccompProfile;
  if (profile !== undefined) {
    text.line(0, `SeccompProfile:\t${profile.type}`);
    if (profile.type === 'Localhost') text.line(0, `LocalhostProfile:\t${profile.localhostProfile ?? ''}`);
  }
  text.line(0, `IP:\t${status.podIP ?? ''}`);
  const ips = status.podIPs ?? [];
  text.line(0, ips.length === 0 ? 'IPs:\t<none>' : 'IPs:');
  for (const { ip } of ips) text.line(1, `IP:\t${ip}`);
  describeController(object, text);
  if ((status.nominatedNodeName ?? '') !== '') text.line(0, `NominatedNodeName:\t${status.nominatedNodeName ?? ''}`);
  if (spec?.resources !== undefined) {
    text.line(0, 'Resources:');
    describeResources(spec.resources, text, 1);
  }
  describePodBody(pod, text);
  if (!context.showEvents) return;
  // The kubelet tells events of static pods under the uid that it made up for them.
  const uid = metadata?.annotations?.['kubernetes.io/config.mirror'] ?? metadata?.uid ?? '';
  writeEvents(await eventsOf({ ...subjectOf(object), kind: '', uid }, context), text, context.now);
};

function describePodBody(pod: Pod, text: DescribeText): void {
  const { spec, status } = pod;
  const options = { inTemplate: false, pod };
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec ?? {};
  if (initContainers.length > 0) {
    describeContainers('Init Containers', initContainers, status?.initContainerStatuses ?? [], text, options);
  }
  describeContainers('Containers', containers, status?.containerStatuses ?? [], text, options);
  if (ephemeralContainers.length > 0) {
    const statuses = status?.ephemeralContainerStatuses ?? [];
    describeContainers('Ephemeral Containers', ephemeralContainers, statuses, text, options);
  }
  const gates = spec?.readinessGates ?? [];
  const conditions = status?.conditions ?? [];
  if (gates.length > 0) {
    text.line(0, 'Readiness Gates:');
    text.line(1, 'Type\tStatus');
    for (const { conditionType } of gates) {
      const found = conditions.find(({ type }) => type === conditionType);
      text.line(1, `${conditionType} \t${found?.status ?? '<none>'} `);
    }
  }
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.line(1, 'Type\tStatus');
    for (const condition of conditions) text.line(1, `${condition.type} \t${condition.status} `);
  }
  describeVolumes(spec?.volumes ?? [], text, false);
  text.line(0, `QoS Class:\t${status?.qosClass ?? ''}`);
  text.labels('Node-Selectors', spec?.nodeSelector);
  text.list('Tolerations', tolerationTexts(spec?.tolerations ?? []));
  describeSpreading(spec?.topologySpreadConstraints ?? [], text, '');
  describeSchedulingGroup(spec, text, '');
}
