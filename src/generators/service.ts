import { parseIntOrString } from '../apimachinery/int-or-string.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { GeneratorError, parseAtoi, parseLabelPairs } from './flag-texts.ts';
import { defined, sortedMap, typedObject } from './typed-json.ts';

/** What a service is made of; texts as flags give them, empty where they are not given. */
export interface ServiceSource {
  readonly name: string;
  /** `a=b,c=d`. */
  readonly labels?: string;
  readonly selector: string;
  /** One port, or several with commas between them. */
  readonly ports: string;
  /** The protocol of all ports; empty for those that `protocols` tells, else TCP. */
  readonly protocol?: string;
  /** The protocols of the ports of what is exposed, by port. */
  readonly protocols?: ReadonlyMap<string, readonly string[]>;
  readonly targetPort?: string;
  readonly type?: string;
  readonly externalIp?: string;
  readonly loadBalancerIp?: string;
  readonly sessionAffinity?: string;
  readonly clusterIp?: string;
}

/** Makes a service in front of what a selector finds. @throws GeneratorError */
export function makeService(source: ServiceSource): Unstructured {
  const { sessionAffinity = '', type = '', externalIp = '', loadBalancerIp = '', clusterIp = '' } = source;
  if (source.selector === '') throw new GeneratorError('selector must be specified');
  const selector = sortedMap(parseLabelPairs(source.selector));
  const labels = (source.labels ?? '') === '' ? undefined : sortedMap(parseLabelPairs(source.labels ?? ''));
  if (source.name === '') throw new GeneratorError('name must be specified');
  const ports = source.ports === '' ? [] : servicePorts(source);
  if (sessionAffinity !== '' && sessionAffinity !== 'None' && sessionAffinity !== 'ClientIP') {
    throw new GeneratorError(`unknown session affinity: ${sessionAffinity}`);
  }
  const orAbsent = (text: string): string | undefined => (text === '' ? undefined : text);
  const spec = defined({
    ports: ports.length === 0 ? undefined : ports,
    selector,
    clusterIP: orAbsent(clusterIp),
    type: orAbsent(type),
    externalIPs: externalIp === '' ? undefined : [externalIp],
    sessionAffinity: orAbsent(sessionAffinity),
    loadBalancerIP: type === 'LoadBalancer' ? orAbsent(loadBalancerIp) : undefined,
  });
  return typedObject('v1', 'Service', { name: source.name, labels }, { spec, status: { loadBalancer: {} } });
}

function servicePorts(source: ServiceSource): unknown[] {
  const texts = source.ports.split(',');
  return texts.flatMap((text, index) => {
    const port = parseAtoi(text);
    const target = (source.targetPort ?? '') === '' ? port : parseIntOrString(source.targetPort ?? '');
    const name = texts.length > 1 ? `port-${index + 1}` : '';
    const make = (protocol: string, ownName: string): unknown =>
      defined({ name: ownName === '' ? undefined : ownName, protocol, port, targetPort: target });
    const asked = source.protocol ?? '';
    if (asked !== '') return [make(asked, name)];
    const known = source.protocols?.get(text) ?? ['TCP'];
    if (known.length === 1) return [make(known[0] ?? 'TCP', name)];
    return known.map((protocol) => make(protocol, `port-${index + 1}-${protocol.toLowerCase()}`));
  });
}
