import type { Pod, Service } from '../../api/types/core-v1.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError } from '../../cli/command.ts';

/** The ports as numbers of the pod: names are looked up, those of a service lead to its targets. @throws CommandError */
export function translatePorts(ports: readonly string[], object: Unstructured, pod: Pod): readonly string[] {
  if (object.apiVersion === 'v1' && object.kind === 'Service') return throughService(ports, object, pod);
  const declared = (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? []).map(({ containerPort, protocol }) => ({ port: containerPort, protocol })),
  );
  refuseUdp(ports, declared, (name) => namedContainerPort(pod, name));
  return ports.map((text) => {
    const { local, remote } = splitPort(text);
    if (remote === '') throw new CommandError('remote port cannot be empty');
    const number = isNumber(remote) ? remote : String(namedContainerPort(pod, remote));
    return local === remote ? number : `${local}:${number}`;
  });
}

function throughService(ports: readonly string[], service: Service, pod: Pod): readonly string[] {
  const declared = service.spec?.ports ?? [];
  refuseUdp(ports, declared, (name) => namedServicePort(service, name));
  return ports.map((text) => {
    const { local, remote } = splitPort(text);
    const port = isNumber(remote) ? Number(remote) : namedServicePort(service, remote);
    const near = !isNumber(remote) && local === remote ? String(port) : local;
    const target = String(targetOf(service, pod, port));
    return near === target ? target : `${near}:${target}`;
  });
}

/** `LOCAL:REMOTE`, or one port for both. */
function splitPort(text: string): { readonly local: string; readonly remote: string } {
  const parts = text.split(':');
  const [local = '', remote] = parts;
  return parts.length === 2 ? { local, remote: remote ?? '' } : { local, remote: local };
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text);
}

/** A port that is declared for UDP alone cannot be forwarded. @throws CommandError */
function refuseUdp(
  ports: readonly string[],
  declared: readonly { readonly port: number; readonly protocol?: string | undefined }[],
  numberOf: (name: string) => number,
): void {
  const declaredAs = (wanted: string): readonly number[] =>
    declared.filter(({ protocol = 'TCP' }) => protocol === wanted).map(({ port }) => port);
  const [udp, tcp] = [declaredAs('UDP'), declaredAs('TCP')];
  for (const text of ports) {
    const { remote } = splitPort(text);
    const port = isNumber(remote) ? Number(remote) : numberOf(remote);
    if (udp.includes(port) && !tcp.includes(port)) {
      throw new CommandError(`UDP protocol is not supported for ${remote}`);
    }
  }
}

function namedContainerPort({ spec, metadata }: Pod, name: string): number {
  for (const { ports = [] } of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]) {
    const found = ports.find((port) => (port.name ?? '') === name);
    if (found !== undefined) return found.containerPort;
  }
  throw new CommandError(`Pod '${metadata.name ?? ''}' does not have a named port '${name}'`);
}

function namedServicePort({ spec, metadata }: Service, name: string): number {
  const found = (spec?.ports ?? []).find((port) => (port.name ?? '') === name);
  if (found !== undefined) return found.port;
  throw new CommandError(`Service '${metadata.name ?? ''}' does not have a named port '${name}'`);
}

/** The pod's port behind one of the service's. */
function targetOf(service: Service, pod: Pod, port: number): number {
  const found = (service.spec?.ports ?? []).find((candidate) => candidate.port === port);
  if (found === undefined) {
    throw new CommandError(`Service ${service.metadata.name ?? ''} does not have a service port ${port}`);
  }
  if (service.spec?.clusterIP === 'None') return port;
  const { targetPort = 0 } = found;
  if (typeof targetPort === 'string') return namedContainerPort(pod, targetPort);
  return targetPort === 0 ? port : targetPort;
}
