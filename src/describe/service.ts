import type { Service, ServicePort } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import { formatLabels } from '../printers/table-printer.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { type DescribeText, joined } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { endpointsText } from './endpoints-text.ts';
import { describeEvents } from './events.ts';
import { listAll, related } from './list-all.ts';

/** A service, with its endpoints. */
export const describeService: Describer = async (object, text, context) => {
  const { metadata, spec = {}, status } = object as unknown as Service;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `Selector:\t${formatLabels(spec.selector)}`);
  text.line(0, `Type:\t${spec.type ?? ''}`);
  if (spec.ipFamilyPolicy !== undefined) text.line(0, `IP Family Policy:\t${spec.ipFamilyPolicy}`);
  text.line(0, `IP Families:\t${joined(spec.ipFamilies ?? [])}`);
  text.line(0, `IP:\t${spec.clusterIP ?? ''}`);
  text.line(0, `IPs:\t${joined(spec.clusterIPs ?? [])}`);
  if ((spec.externalIPs ?? []).length > 0) text.line(0, `External IPs:\t${(spec.externalIPs ?? []).join(',')}`);
  if ((spec.loadBalancerIP ?? '') !== '') text.line(0, `Desired LoadBalancer IP:\t${spec.loadBalancerIP ?? ''}`);
  if ((spec.externalName ?? '') !== '') text.line(0, `External Name:\t${spec.externalName ?? ''}`);
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0) {
    const addresses = ingress.map(({ ip, ipMode, hostname }) =>
      (ip ?? '') === '' ? (hostname ?? '') : `${ip}${ipMode === undefined ? '' : ` (${ipMode})`}`,
    );
    text.line(0, `LoadBalancer Ingress:\t${addresses.join(', ')}`);
  }
  await describePorts(object, spec.ports ?? [], text, context);
  text.line(0, `Session Affinity:\t${spec.sessionAffinity ?? ''}`);
  if (spec.externalTrafficPolicy !== undefined) text.line(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`);
  if (spec.internalTrafficPolicy !== undefined) text.line(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`);
  if ((spec.healthCheckNodePort ?? 0) !== 0) text.line(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort ?? 0}`);
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) text.line(0, `LoadBalancer Source Ranges:\t${ranges.join(',')}`);
  if (spec.trafficDistribution !== undefined) text.line(0, `Traffic Distribution:\t${spec.trafficDistribution}`);
  await describeEvents(object, text, context);
};

async function describePorts(
  object: Unstructured,
  ports: readonly ServicePort[],
  text: DescribeText,
  context: DescribeContext,
): Promise<void> {
  if (ports.length === 0) return;
  const slices = await slicesOf(object, context);
  for (const { name = '', port, targetPort, appProtocol, nodePort = 0, protocol = '' } of ports) {
    const shown = name === '' ? '<unset>' : name;
    text.line(0, `Port:\t${shown}\t${port}/${protocol}`);
    text.line(0, `TargetPort:\t${targetPort ?? 0}/${protocol}`);
    if (appProtocol !== undefined) text.line(0, `AppProtocol:\t${appProtocol}`);
    if (nodePort !== 0) text.line(0, `NodePort:\t${shown}\t${nodePort}/${protocol}`);
    text.line(0, `Endpoints:\t${endpointsText(slices, name)}`);
  }
}

async function slicesOf(object: Unstructured, context: DescribeContext): Promise<EndpointSlice[]> {
  try {
    return await listAll({ ...context, chunkSize: 0 }, related.endpointSlices, object.metadata.namespace, {
      labelSelector: `kubernetes.io/service-name=${object.metadata.name ?? ''}`,
    });
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}
