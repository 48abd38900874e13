import type { Node, Service } from '../../api/types/core-v1.ts';
import type { Endpoint } from '../../api/types/discovery-v1.ts';
import { parseQuantity } from '../../apimachinery/quantity.ts';
import { readyCondition } from './node-health.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const excludedLabels = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];
/** So much more traffic than its part may an endpoint get. */
const overload = 0.2;

/** Whether a service wants its traffic kept in zones where the processors allow it (topology-mode: Auto). */
export function wantsTopologyHints({ metadata: { annotations = {} } }: Service): boolean {
  const mode =
    annotations['service.kubernetes.io/topology-aware-hints'] ?? annotations['service.kubernetes.io/topology-mode'];
  return mode === 'Auto' || mode === 'auto';
}

/** Part of the cluster's processors by zone; undefined when nodes do not tell, or there is one zone alone. */
export function processorRatios(nodes: readonly Node[]): ReadonlyMap<string, number> | undefined {
  const byZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    const { labels = {} } = node.metadata;
    if (excludedLabels.some((label) => label in labels) || readyCondition(node)?.status !== 'True') continue;
    const zone = labels[zoneLabel] ?? '';
    const processors = Number(parseQuantity(node.status?.allocatable?.['cpu'] ?? '0').milliValue());
    if (zone === '' || processors === 0) return undefined;
    byZone.set(zone, (byZone.get(zone) ?? 0) + processors);
    total += processors;
  }
  if (byZone.size < 2) return undefined;
  return new Map([...byZone].map(([zone, processors]) => [zone, processors / total]));
}

/** Whether a node tells the same of its zone, its processors and whether it is ready as before. */
export function hasSameProcessors(node: Node, old: Node): boolean {
  const facts = (one: Node): unknown[] => [
    one.metadata.labels?.[zoneLabel],
    excludedLabels.some((label) => one.metadata.labels?.[label] !== undefined),
    one.status?.allocatable?.['cpu'],
    readyCondition(one)?.status,
  ];
  const before = facts(old);
  return facts(node).every((fact, index) => fact === before[index]);
}

interface Allocation {
  readonly desired: number;
  readonly minimum: number;
}

/** How many endpoints each zone should have, or why they cannot be shared out. */
function allocate(ratios: ReadonlyMap<string, number>, endpoints: number): ReadonlyMap<string, Allocation> | string {
  const counted = `(${endpoints} endpoints, ${ratios.size} zones)`;
  if (ratios.size > endpoints) return `Insufficient number of endpoints ${counted}`;
  const allocations = new Map<string, Allocation>();
  let left = endpoints;
  for (const [zone, ratio] of ratios) {
    const share = ratio * endpoints;
    const minimum = Math.ceil(share * (1 / (1 + overload)));
    allocations.set(zone, { desired: Math.max(share, minimum), minimum });
    left -= minimum;
  }
  if (left >= 0) return allocations;
  return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counted}`;
}

/**
 * Tells each ready endpoint the zone that is to use it: its own, but for those that zones with more endpoints than
 * their part give to zones with fewer.
 * @returns the endpoints with hints, or why there are none (then none has any)
 */
export function withTopologyHints(
  endpoints: readonly Endpoint[],
  ratios: ReadonlyMap<string, number> | undefined,
): readonly Endpoint[] | string {
  if (ratios === undefined) {
    return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes';
  }
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true);
  const allocations = allocate(ratios, ready.length);
  if (typeof allocations === 'string') return allocations;
  const has = new Map<string, number>();
  for (const { zone = '' } of ready) {
    if (zone === '') return 'One or more endpoints do not have a zone specified';
    has.set(zone, (has.get(zone) ?? 0) + 1);
  }
  const { giving, receiving } = exchange(allocations, has);
  return endpoints.map((endpoint) => {
    const { zone = '', conditions } = endpoint;
    if (conditions?.ready !== true) return endpoint;
    const to = takeFrom(giving, zone) ? (receiving.shift() ?? zone) : zone;
    return { ...endpoint, hints: { forZones: [{ name: to }] } };
  });
}

function takeFrom(giving: Map<string, number>, zone: string): boolean {
  const left = giving.get(zone) ?? 0;
  if (left === 0) return false;
  giving.set(zone, left - 1);
  return true;
}

/** How many endpoints zones give, and which zones receive one each, those that lack most first. */
function exchange(
  allocations: ReadonlyMap<string, Allocation>,
  has: ReadonlyMap<string, number>,
): { readonly giving: Map<string, number>; readonly receiving: string[] } {
  const excess = new Map([...allocations].map(([zone, { desired }]) => [zone, (has.get(zone) ?? 0) - desired]));
  const giving = new Map<string, number>();
  const receiving: string[] = [];
  for (;;) {
    const [from, surplus] = most(excess, 1);
    const [to, lack] = most(excess, -1);
    if ((surplus < 1 && lack < 1) || surplus < 0.5 || lack < 0.5) return { giving, receiving };
    giving.set(from, (giving.get(from) ?? 0) + 1);
    receiving.push(to);
    excess.set(from, surplus - 1);
    excess.set(to, 1 - lack);
  }
}

function most(excess: ReadonlyMap<string, number>, sign: 1 | -1): readonly [zone: string, amount: number] {
  let best: readonly [string, number] = ['', 0];
  for (const [zone, amount] of excess) if (amount * sign > best[1]) best = [zone, amount * sign];
  return best;
}
