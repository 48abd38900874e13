import { isDns1123Subdomain, isValidPortName, isValidPortNumber } from '../../../apimachinery/names.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { type CommandDefinition, CommandError, type FlagDefinition } from '../../../cli/command.ts';
import { defined, typedObject } from '../../../generators/typed-json.ts';
import { createFromFlags, type CreateRequest } from '../create-from-flags.ts';

/** One of the commands that make a service. */
export interface ServiceCommand {
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly usage: string;
  readonly short: string;
  readonly examples: string;
  readonly flags?: readonly FlagDefinition[];
  readonly required?: readonly string[];
}

/** What the commands for the types of services share. */
export function serviceCommand(command: ServiceCommand): CommandDefinition {
  const { name, type, usage, short, examples, flags = [], required = [] } = command;
  return createFromFlags({
    path: ['create', 'service', name],
    usage,
    short,
    examples,
    flags: [
      ...flags,
      { name: 'tcp', type: 'stringSlice', default: '[]', description: 'A port, or port:targetPort; may be repeated' },
    ],
    required,
    resource: { group: '', version: 'v1', resource: 'services' },
    namespaced: true,
    failure: `failed to create ${type} service: `,
    keepsConfig: false,
    prepare: (request) => prepare(type, request),
  });
}

function prepare(type: ServiceCommand['type'], { name, flags }: CreateRequest): () => Unstructured {
  const clusterIP = type === 'ClusterIP' ? flags.string('clusterip') : '';
  const externalName = type === 'ExternalName' ? flags.string('external-name') : '';
  const nodePort = type === 'NodePort' ? flags.int('node-port') : 0;
  const tcp = flags.list('tcp');
  if (clusterIP !== 'None' && tcp.length === 0 && type !== 'ExternalName') {
    throw new CommandError('at least one tcp port specifier must be provided');
  }
  if (type === 'ExternalName' && isDns1123Subdomain(externalName).length > 0) {
    throw new CommandError(`invalid service external name ${externalName}`);
  }
  const ports = tcp.map((text) =>
    defined({
      name: text.replaceAll(':', '-'),
      protocol: 'TCP',
      ...parsePorts(text),
      nodePort: nodePort === 0 ? undefined : nodePort,
    }),
  );
  const spec = defined({
    ports: ports.length === 0 ? undefined : ports,
    selector: { app: name },
    clusterIP: clusterIP === '' ? undefined : clusterIP,
    type,
    externalName: externalName === '' ? undefined : externalName,
  });
  const metadata = { name, labels: { app: name } };
  return () => typedObject('v1', 'Service', metadata, { spec, status: { loadBalancer: {} } });
}

function parsePorts(text: string): { readonly port: number; readonly targetPort: number | string } {
  const [first = '', second] = text.split(':');
  const port = parsePort(first);
  if (second === undefined) return { port, targetPort: port };
  const isNumber = /^[+-]?\d+$/.test(second);
  const problems = isNumber ? isValidPortNumber(Number(second)) : isValidPortName(second);
  if (problems.length > 0) throw new CommandError(problems.join(','));
  return { port, targetPort: isNumber ? Number(second) : second };
}

/** strconv.ParseUint with 16 bits. */
function parsePort(text: string): number {
  if (!/^\d+$/.test(text)) throw new CommandError(`strconv.ParseUint: parsing ${goQuote(text)}: invalid syntax`);
  const port = Number(text);
  if (port > 65535) throw new CommandError(`strconv.ParseUint: parsing ${goQuote(text)}: value out of range`);
  return port;
}
