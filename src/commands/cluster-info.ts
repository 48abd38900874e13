import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import { defineCommand } from '../cli/command.ts';

const services = { group: '', version: 'v1', resource: 'services' };
const hint = "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n";

/** `kubectl cluster-info`. */
export const clusterInfoCommand = defineCommand({
  path: ['cluster-info'],
  usage: '[flags]',
  short: 'Display cluster information',
  long: 'Show where the control plane and the services with the label kubernetes.io/cluster-service=true are.',
  examples: '# Where the control plane and the cluster services are\nkubectl cluster-info',
  flags: [],
  toOptions: () => ({}),
  async run(_options, { streams, cluster, globals }) {
    const address = (await cluster.server?.()) ?? '';
    const namespace = globals.changed('namespace') ? globals.string('namespace') : 'kube-system';
    try {
      const client = await cluster.client();
      const list = await client
        .resource(services, namespace)
        .list({ labelSelector: 'kubernetes.io/cluster-service=true' });
      streams.out.write(line('Kubernetes control plane', address));
      for (const item of list.items) streams.out.write(describeService(item as unknown as JsonObject, address));
    } finally {
      streams.out.write(hint);
    }
  },
});

function line(name: string, link: string): string {
  return `${name} is running at ${link}\n`;
}

function describeService(service: JsonObject, address: string): string {
  const metadata = objectAt(service, 'metadata');
  const name = textAt(metadata, 'name');
  const ports = listAt(objectAt(service, 'spec'), 'ports');
  const [ingress] = listAt(objectAt(objectAt(service, 'status'), 'loadBalancer'), 'ingress');
  const shown = textAt(objectAt(metadata, 'labels'), 'kubernetes.io/name') || name;
  if (ingress !== undefined) {
    const host = textAt(ingress, 'ip') || textAt(ingress, 'hostname');
    return line(shown, ports.map((port) => `http://${host}:${Number(port['port'])} `).join(''));
  }
  const [port] = ports;
  const scheme = port !== undefined && (port['name'] === 'https' || port['port'] === 443) ? 'https' : '';
  const portName = port === undefined ? '' : textAt(port, 'name');
  const target = scheme === '' && portName === '' ? name : `${scheme === '' ? '' : `${scheme}:`}${name}:${portName}`;
  return line(shown, `${address}/api/v1/namespaces/${textAt(metadata, 'namespace')}/services/${target}/proxy`);
}

function objectAt(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return isJsonObject(member) ? member : {};
}

function listAt(value: JsonObject, name: string): readonly JsonObject[] {
  const member: JsonValue | undefined = value[name];
  return Array.isArray(member) ? member.filter(isJsonObject) : [];
}

function textAt(value: JsonObject, name: string): string {
  const member = value[name];
  return typeof member === 'string' ? member : '';
}
