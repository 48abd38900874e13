import type { APIService } from '../../../api/types/apiregistration-v1.ts';
import type { Service } from '../../../api/types/core-v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery-v1.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';

/** Whether the server behind an APIService can be used, as its condition Available says. */
export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** What the cluster has for a service. */
export interface ServiceFacts {
  readonly service: Service | undefined;
  readonly slices: readonly EndpointSlice[];
}

/** What is wrong with the service of an APIService before anything is sent to it; undefined when nothing is. */
export function serviceProblem({ spec }: APIService, { service, slices }: ServiceFacts): Availability | undefined {
  const { name = '', namespace = '', port = 443 } = spec?.service ?? {};
  const unavailable = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  const where = `service/${name} in ${goQuote(namespace)}`;
  if (service === undefined) return unavailable('ServiceNotFound', `${where} is not present`);
  if (service.spec?.type !== 'ClusterIP') return undefined;
  const found = (service.spec.ports ?? []).find((candidate) => candidate.port === port);
  if (found === undefined) return unavailable('ServicePortError', `${where} is not listening on port ${port}`);
  if (slices.length === 0) return unavailable('EndpointsNotFound', `cannot find endpointslices for ${where}`);
  const { name: portName = '' } = found;
  const isReady = slices.some(
    ({ endpoints, ports }) =>
      (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false) &&
      (ports ?? []).some((candidate) => (candidate.name ?? '') === portName && candidate.port !== undefined),
  );
  if (isReady) return undefined;
  const message = `endpointslices for ${where} have no addresses with port name ${goQuote(portName)}`;
  return unavailable('MissingEndpoints', message);
}

/** The object with the condition, or undefined when it says the same already. @param now RFC 3339 */
export function withAvailability(
  apiService: APIService,
  availability: Availability,
  now: string,
): APIService | undefined {
  const conditions = apiService.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Available');
  const { status, reason, message } = availability;
  if (before?.status === status && before.reason === reason && before.message === message) return undefined;
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  const condition = { type: 'Available', status, lastTransitionTime: since ?? now, reason, message };
  const others = conditions.filter(({ type }) => type !== 'Available');
  return { ...apiService, status: { ...apiService.status, conditions: [...others, condition] } };
}
