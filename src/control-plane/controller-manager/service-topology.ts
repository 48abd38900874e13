import type { Node, Service } from '../../api/types/core-v1.ts';
import type { Endpoint } from '../../api/types/discovery-v1.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { keyOf } from './keyed-controller.ts';
import { processorRatios, wantsTopologyHints, withTopologyHints } from './topology-hints.ts';

/** Endpoints of one address family. */
interface FamilyEndpoints {
  readonly addressType: string;
  readonly endpoints: readonly Endpoint[];
}

/** Gives the endpoints of services that want it hints of zones, and tells when that begins and ends. */
export class ServiceTopology {
  readonly #events: EventRecorder;
  /** Keys of services with hints. */
  readonly #hinted = new Set<string>();

  constructor(events: EventRecorder) {
    this.#events = events;
  }

  /** @returns the same groups, with hints where the service wants them and there are enough endpoints */
  apply<T extends FamilyEndpoints>(service: Service, groups: readonly T[], nodes: readonly Node[]): readonly T[] {
    const key = keyOf(service);
    const families = [...new Set(groups.map(({ addressType }) => addressType))];
    if (!wantsTopologyHints(service)) {
      if (!this.#hinted.delete(key)) return groups;
      for (const family of families) this.#disabled(service, 'Topology Aware Hints has been disabled', family);
      return groups;
    }
    const ratios = processorRatios(nodes);
    return families.flatMap((family) => {
      const own = groups.filter(({ addressType }) => addressType === family);
      const hinted = withTopologyHints(
        own.flatMap(({ endpoints }) => endpoints),
        ratios,
      );
      if (typeof hinted === 'string') {
        this.#hinted.delete(key);
        this.#disabled(service, hinted, family);
        return own;
      }
      if (!this.#hinted.has(key)) {
        const text = `Topology Aware Hints has been enabled, addressType: ${family}`;
        this.#events.event(service, 'Normal', 'TopologyAwareHintsEnabled', text);
      }
      this.#hinted.add(key);
      let at = 0;
      return own.map((group) => {
        const endpoints = hinted.slice(at, at + group.endpoints.length);
        at += endpoints.length;
        return { ...group, endpoints };
      });
    });
  }

  forget(key: string): void {
    this.#hinted.delete(key);
  }

  #disabled(service: Service, message: string, family: string): void {
    this.#events.event(service, 'Warning', 'TopologyAwareHintsDisabled', `${message}, addressType: ${family}`);
  }
}
