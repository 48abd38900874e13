import type { Service } from '../api/types/core-v1.ts';
import type { EndpointSlice } from '../api/types/discovery-v1.ts';
import type { Ingress, IngressBackend, IngressClass, IngressLoadBalancerStatus } from '../api/types/networking-v1.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { endpointsText } from './endpoints-text.ts';
import { describeEvents } from './events.ts';
import { listAll, related } from './list-all.ts';

/** An ingress, with the endpoints behind its services. */
export const describeIngress: Describer = async (object, text, context) => {
  const { metadata, spec = {}, status } = object as unknown as Ingress;
  const namespace = metadata?.namespace ?? '';
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.line(0, `Namespace:\t${namespace}`);
  text.line(0, `Address:\t${addressesText(status?.loadBalancer)}`);
  text.line(0, `Ingress Class:\t${spec.ingressClassName ?? '<none>'}`);
  const { defaultBackend } = spec;
  const byDefault = defaultBackend === undefined ? '<default>' : await backendText(namespace, defaultBackend, context);
  text.line(0, `Default backend:\t${byDefault}`);
  const tls = spec.tls ?? [];
  if (tls.length > 0) text.line(0, 'TLS:');
  for (const { secretName = '', hosts = [] } of tls) {
    text.line(1, `${secretName === '' ? 'SNI routes' : `${secretName} terminates`} ${hosts.join(',')}`);
  }
  text.line(0, 'Rules:');
  text.table(1, ['Host', 'Path', 'Backends'], []);
  const rules = (spec.rules ?? []).filter(({ http }) => http !== undefined);
  for (const { host = '', http } of rules) {
    text.line(1, `${host === '' ? '*' : host}\t`);
    for (const { path = '', backend } of http?.paths ?? []) {
      text.line(2, `\t${path} \t${await backendText(namespace, backend, context)}`);
    }
  }
  if (rules.length === 0) text.line(1, `*\t*\t${byDefault}`);
  text.annotations('Annotations', metadata?.annotations);
  await describeEvents(object, text, context);
};

/** A class of ingresses. */
export const describeIngressClass: Describer = async (object, text, context) => {
  const { metadata, spec } = object as unknown as IngressClass;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `Controller:\t${spec?.controller ?? ''}`);
  const parameters = spec?.parameters;
  if (parameters !== undefined) {
    text.line(0, 'Parameters:');
    if (parameters.apiGroup !== undefined) text.line(1, `APIGroup:\t${parameters.apiGroup}`);
    text.line(1, `Kind:\t${parameters.kind}`);
    text.line(1, `Name:\t${parameters.name}`);
  }
  await describeEvents(object, text, context);
};

function addressesText(status: IngressLoadBalancerStatus | undefined): string {
  const addresses = (status?.ingress ?? [])
    .map(({ ip = '', hostname = '' }) => (ip === '' ? hostname : ip))
    .filter((address) => address !== '');
  return [...new Set(addresses)].toSorted().join(',');
}

async function backendText(namespace: string, backend: IngressBackend, context: DescribeContext): Promise<string> {
  const { service, resource } = backend;
  if (service !== undefined) {
    const { number = 0, name = '' } = service.port ?? {};
    const about = `${service.name}:${number === 0 ? name : number}`;
    try {
      const slices = await listAll<EndpointSlice>({ ...context, chunkSize: 0 }, related.endpointSlices, namespace, {
        labelSelector: `kubernetes.io/service-name=${service.name}`,
      });
      const found = await context.client.resource(related.services, namespace).get(service.name);
      const ports = (found as unknown as Service).spec?.ports ?? [];
      const port = ports.findLast((one) =>
        number === 0 ? name !== '' && one.name === name : one.port === number || (name !== '' && one.name === name),
      );
      return `${about} (${endpointsText(slices, port?.name ?? '')})`;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return `${about} (<error: ${error.message}>)`;
    }
  }
  if (resource === undefined) return '';
  return `APIGroup: ${resource.apiGroup ?? '<none>'}, Kind: ${resource.kind}, Name: ${resource.name}`;
}
