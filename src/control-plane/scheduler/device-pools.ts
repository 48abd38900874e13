import { matchesNodeSelectorTerm } from '../../api/core/v1/node-matching.ts';
import type { Node, NodeSelector } from '../../api/types/core-v1.ts';
import type { Device, ResourceSlice } from '../../api/types/resource-v1.ts';
import { parseQuantity, type Quantity } from '../../apimachinery/quantity.ts';

/** A device that a node can reach. */
export interface PoolDevice {
  /** `driver/pool/device`, unique in the cluster. */
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: Device;
  /** Which nodes reach it; all of them when absent. */
  readonly nodeName?: string;
  readonly nodeSelector?: NodeSelector;
}

/** The devices of one driver that belong together, in their newest generation. */
export interface DevicePool {
  /** `driver/pool` */
  readonly id: string;
  /** Some of its slices are not there yet. */
  readonly isIncomplete: boolean;
  /** Those that the node can reach. */
  readonly devices: readonly PoolDevice[];
  /** All of them, on whichever node. */
  readonly all: readonly Device[];
  /** What the devices share, by counter set and counter. */
  readonly counters: ReadonlyMap<string, ReadonlyMap<string, Quantity>>;
}

/** What a device is called in the whole cluster. */
export function deviceId(driver: string, pool: string, device: string): string {
  return `${driver}/${pool}/${device}`;
}

function isIn(node: Node, selector: NodeSelector | undefined): boolean {
  return selector?.nodeSelectorTerms.some((term) => matchesNodeSelectorTerm(node, term)) === true;
}

interface Placement {
  readonly nodeName?: string;
  readonly allNodes?: boolean;
  readonly nodeSelector?: NodeSelector;
}

function reaches(node: Node, { nodeName = '', allNodes, nodeSelector }: Placement): boolean {
  if (nodeName !== '') return nodeName === node.metadata.name;
  return allNodes === true || isIn(node, nodeSelector);
}

function reachable(node: Node, { spec }: ResourceSlice): PoolDevice[] {
  const { driver, pool, perDeviceNodeSelection } = spec;
  return (spec.devices ?? []).flatMap((device) => {
    const place: Placement = perDeviceNodeSelection === true ? device : spec;
    if (!reaches(node, place)) return [];
    const { nodeName = '', nodeSelector } = place;
    return [
      {
        id: deviceId(driver, pool.name, device.name),
        driver,
        pool: pool.name,
        device,
        ...(nodeName === '' ? {} : { nodeName }),
        ...(nodeSelector === undefined ? {} : { nodeSelector }),
      },
    ];
  });
}

/** The pools with devices that a node can reach, by their names; older generations of a pool do not count. */
export function poolsOf(node: Node, slices: readonly ResourceSlice[]): DevicePool[] {
  const byPool = new Map<string, ResourceSlice[]>();
  for (const slice of slices) {
    const { driver, pool } = slice.spec;
    const id = `${driver}/${pool.name}`;
    const newest = byPool.get(id) ?? [];
    const generation = newest[0]?.spec.pool.generation ?? pool.generation;
    if (pool.generation > generation) byPool.set(id, [slice]);
    else if (pool.generation === generation) byPool.set(id, [...newest, slice]);
  }
  const pools: DevicePool[] = [];
  for (const [id, unsorted] of [...byPool].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const parts = unsorted.toSorted((left, right) =>
      (left.metadata.name ?? '') < (right.metadata.name ?? '') ? -1 : 1,
    );
    const devices = parts.flatMap((slice) => reachable(node, slice));
    if (devices.length === 0) continue;
    const isIncomplete = parts.length < (parts[0]?.spec.pool.resourceSliceCount ?? 0);
    const all = parts.flatMap(({ spec }) => spec.devices ?? []);
    pools.push({ id, isIncomplete, devices, all, counters: countersOf(parts) });
  }
  return pools;
}

function countersOf(slices: readonly ResourceSlice[]): ReadonlyMap<string, ReadonlyMap<string, Quantity>> {
  const sets = slices.flatMap(({ spec }) => spec.sharedCounters ?? []);
  const amounts = (counters: Readonly<Record<string, { readonly value: string }>>): [string, Quantity][] =>
    Object.entries(counters).map(([name, { value }]) => [name, parseQuantity(value)]);
  return new Map(sets.map(({ name, counters }) => [name, new Map(amounts(counters))]));
}
