import type { Service, ServicePort } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { DescribeText } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** A service, with its endpoints. */
export const describeService: Describer = async (object, text, context) => {
  const { metadata, spec = {}, status } = object as unknown as Service;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  text.line(0, `Selector:\t${joined(selector.toSorted())}`);
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
      ip === undefined ? (hostname ?? '') : `${ip}${ipMode === undefined ? '' : ` (${ipMode})`}`,
    );
    text.line(0, `LoadBalancer Ingress:\t${addresses.join(', ')}`);
  }
  await describePorts(object, spec.ports ?? [], text, context);
  text.line(0, `Session Affinity:\t${spec.sessionAffinity ?? ''}`);
  if (spec.externalTrafficPolicy !== undefined) text.line(0, `External Traffic Policy:\t${spec.externalTrafficPolicy}`);
  if (spec.internalTrafficPolicy !== undefined) text.line(0, `Internal Traffic Policy:\t${spec.internalTrafficPolicy}`);
  if (spec.trafficDistribution !== undefined) text.line(0, `Traffic Distribution:\t${spec.trafficDistribution}`);
  if ((spec.healthCheckNodePort ?? 0) !== 0) text.line(0, `HealthCheck NodePort:\t${spec.healthCheckNodePort ?? 0}`);
  const ranges = spec.loadBalancerSourceRanges ?? [];
  if (ranges.length > 0) text.line(0, `LoadBalancer Source Ranges:\t${ranges.join(',')}`);
  await describeEvents(object, text, context);
};

function joined(values: readonly string[]): string {
  return values.length === 0 ? '<none>' : values.join(',');
}

async function describePorts(
  object: Unstructured,
  ports: readonly ServicePort[],
  text: DescribeText,
  context: DescribeContext,
): Promise<void> {
  if (ports.length === 0) return;
  const slices = await slicesOf(object, context);
  for (const { name = '', port, targetPort, nodePort = 0, protocol = 'TCP' } of ports) {
    const shown = name === '' ? '<unset>' : name;
    text.line(0, `Port:\t${shown}\t${port}/${protocol}`);
    text.line(0, `TargetPort:\t${targetPort ?? 0}/${protocol}`);
    if (nodePort !== 0) text.line(0, `NodePort:\t${shown}\t${nodePort}/${protocol}`);
    text.line(0, `Endpoints:\t${endpointsText(slices, name)}`);
  }
}

async function slicesOf(object: Unstructured, context: DescribeContext): Promise<EndpointSlice[]> {
  try {
    const list = await context.client
      .resource({ group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' }, object.metadata.namespace)
      .list({ labelSelector: `kubernetes.io/service-name=${object.metadata.name ?? ''}` });
    return list.items as unknown as EndpointSlice[];
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

/** Up to three addresses of ready endpoints behind a port, and how many more there are. */
function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const all = slices.flatMap(({ endpoints, ports }) => {
    if ((ports ?? []).length === 0) return (endpoints ?? []).flatMap(({ addresses }) => addresses);
    return (ports ?? [])
      .filter(({ name = '', port }) => port !== undefined && name === portName)
      .flatMap(({ port }) =>
        (endpoints ?? [])
          .filter(({ conditions }) => conditions?.ready !== false)
          .flatMap(({ addresses }) =>
            addresses.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`)),
          ),
      );
  });
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}
