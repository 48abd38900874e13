/** As kube-controller-manager's --node-eviction-rate, --secondary-node-eviction-rate and their likes. */
const nodesPerSecond = 0.1;
const secondaryNodesPerSecond = 0.01;
const unhealthyPart = 0.55;
const largeZone = 50;

/** How many of a zone's nodes are in trouble. */
export type ZoneState = 'normal' | 'partial' | 'full';

/** @param ready whether each node of the zone is ready */
export function zoneStateOf(ready: readonly boolean[]): ZoneState {
  const lost = ready.filter((isReady) => !isReady).length;
  if (lost > 0 && lost === ready.length) return 'full';
  return lost > 2 && lost / ready.length >= unhealthyPart ? 'partial' : 'normal';
}

interface Zone {
  state: ZoneState | 'initial';
  perSecond: number;
  /** When the next node may be tainted. */
  nextAt: number;
  readonly waiting: Set<string>;
}

/**
 * Which nodes may be tainted so that their pods leave, zone by zone: one node every ten seconds, slower in a zone where
 * many are in trouble, and none at all when all nodes everywhere are, since then it is rather we who are cut off.
 */
export class ZoneEvictions {
  readonly #zones = new Map<string, Zone>();

  #zone(name: string): Zone {
    const zone = this.#zones.get(name) ?? {
      state: 'initial' as const,
      perSecond: nodesPerSecond,
      nextAt: 0,
      waiting: new Set<string>(),
    };
    this.#zones.set(name, zone);
    return zone;
  }

  /** A node's pods have to leave. */
  add(zone: string, node: string): void {
    this.#zone(zone).waiting.add(node);
  }

  /** A node is well again, or gone. */
  remove(node: string): void {
    for (const zone of this.#zones.values()) zone.waiting.delete(node);
  }

  /** The nodes whose turn it is; they are not given again. */
  take(now: number): string[] {
    return [...this.#zones.values()].flatMap((zone) => {
      const [node] = zone.waiting;
      if (node === undefined || zone.perSecond === 0 || now < zone.nextAt) return [];
      zone.waiting.delete(node);
      zone.nextAt = now + 1000 / zone.perSecond;
      return node;
    });
  }

  /** When the next node may be taken; undefined when none waits or may be. */
  nextAt(): number | undefined {
    const times = [...this.#zones.values()]
      .filter(({ waiting, perSecond }) => waiting.size > 0 && perSecond > 0)
      .map((zone) => zone.nextAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /**
   * What became of the zones. @param ready by zone, whether each node is ready
   * @returns `entered` when now all nodes are in trouble, `left` when they no longer are
   */
  observe(ready: ReadonlyMap<string, readonly boolean[]>): 'entered' | 'left' | undefined {
    for (const name of this.#zones.keys()) if (!ready.has(name)) this.#zones.delete(name);
    const wasLost = this.#zones.size > 0 && [...this.#zones.values()].every(({ state }) => state === 'full');
    const states = new Map([...ready].map(([name, nodes]) => [name, zoneStateOf(nodes)]));
    const isLost = states.size > 0 && [...states.values()].every((state) => state === 'full');
    for (const [name, state] of states) {
      const zone = this.#zone(name);
      if (isLost) zone.perSecond = 0;
      else if (zone.state !== state || wasLost) zone.perSecond = rateOf(state, ready.get(name)?.length ?? 0);
      zone.state = state;
    }
    if (isLost === wasLost) return undefined;
    return isLost ? 'entered' : 'left';
  }
}

function rateOf(state: ZoneState, size: number): number {
  if (state !== 'partial') return nodesPerSecond;
  return size > largeZone ? secondaryNodesPerSecond : 0;
}
