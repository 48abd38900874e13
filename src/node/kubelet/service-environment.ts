import type { Pod, Service } from '../../api/types/core-v1.ts';

/** The variables that tell a pod of the services of its namespace, and of the API server's, as Docker's links did. */
export function serviceEnvironment(pod: Pod, services: readonly Service[]): [string, string][] {
  const { namespace } = pod.metadata;
  const wantsAll = pod.spec?.enableServiceLinks !== false;
  const isApiServer = ({ metadata }: Service): boolean =>
    metadata.namespace === 'default' && metadata.name === 'kubernetes';
  const chosen = new Map<string, Service>();
  for (const service of services) {
    if (isApiServer(service)) chosen.set('kubernetes', service);
  }
  for (const service of services) {
    if (wantsAll && service.metadata.namespace === namespace) chosen.set(service.metadata.name ?? '', service);
  }
  return [...chosen.values()].flatMap(variablesOf);
}

function variablesOf({ metadata, spec }: Service): [string, string][] {
  const address = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  const [first] = ports;
  if (address === '' || address === 'None' || first === undefined) return [];
  const prefix = variableName(metadata.name ?? '');
  const host = address.includes(':') ? `[${address}]` : address;
  const variables: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, address],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ];
  for (const { name = '', port } of ports) {
    if (name !== '') variables.push([`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port)]);
  }
  const url = ({ protocol = 'TCP', port }: { readonly protocol?: string; readonly port: number }): string =>
    `${protocol.toLowerCase()}://${host}:${port}`;
  variables.push([`${prefix}_PORT`, url(first)]);
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const name = `${prefix}_PORT_${port.port}_${protocol}`;
    variables.push(
      [name, url(port)],
      [`${name}_PROTO`, protocol.toLowerCase()],
      [`${name}_PORT`, String(port.port)],
      [`${name}_ADDR`, address],
    );
  }
  return variables;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
