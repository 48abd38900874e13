import type { AllocationObserver, AllocationScope, AllocationUse } from '../registry/allocation-observer.ts';
import { type Counter, type Histogram, type MetricRegistry, usualBuckets } from './metric-registry.ts';

const prefix = 'kube_apiserver';

interface Families {
  readonly addresses: Counter;
  readonly addressErrors: Counter;
  readonly seconds: Histogram;
  readonly ports: Counter;
  readonly portErrors: Counter;
}

/** Counts the addresses and node ports that services are given, by the names of kube-apiserver 1.36. */
export class AllocationMetrics implements AllocationObserver {
  #families: Families | undefined;

  address(range: string, scope: AllocationScope, seconds: number): void {
    this.#families?.addresses.add([range, scope]);
    this.#families?.seconds.observe([range], seconds);
  }

  addressRefused(range: string, scope: AllocationScope): void {
    this.#families?.addressErrors.add([range, scope]);
  }

  port(scope: AllocationScope): void {
    this.#families?.ports.add([scope]);
  }

  portRefused(scope: AllocationScope): void {
    this.#families?.portErrors.add([scope]);
  }

  /** Makes the families. @param use how much is taken, and how much is left */
  bind(registry: MetricRegistry, use: () => AllocationUse): void {
    const stability = 'ALPHA';
    const family = (name: string, help: string, labels: readonly string[]) => {
      return { name: `${prefix}_${name}`, help, stability, labels } as const;
    };
    const cidr = ['cidr'];
    this.#families = {
      addresses: registry.counter(
        family('clusterip_allocator_allocation_total', 'Addresses that were given.', ['cidr', 'scope']),
      ),
      addressErrors: registry.counter(
        family('clusterip_allocator_allocation_errors_total', 'Addresses that were not to be had.', ['cidr', 'scope']),
      ),
      seconds: registry.histogram({
        ...family('clusterip_allocator_allocation_duration_seconds', 'Seconds until an address was given.', cidr),
        buckets: usualBuckets,
      }),
      ports: registry.counter(family('nodeport_allocator_allocation_total', 'Ports that were given.', ['scope'])),
      portErrors: registry.counter(
        family('nodeport_allocator_allocation_errors_total', 'Ports that were not to be had.', ['scope']),
      ),
    };
    const taken = registry.gauge(family('clusterip_allocator_allocated_ips', 'Addresses that services have.', cidr));
    const left = registry.gauge(family('clusterip_allocator_available_ips', 'Addresses that are free.', cidr));
    const takenPorts = registry.gauge(family('nodeport_allocator_allocated_ports', 'Ports that services have.', []));
    const leftPorts = registry.gauge(family('nodeport_allocator_available_ports', 'Ports that are free.', []));
    registry.onShow(() => {
      taken.clear();
      left.clear();
      const { ranges, ports } = use();
      for (const { range, allocated, available } of ranges) {
        taken.set([range], allocated);
        left.set([range], available);
      }
      takenPorts.set([], ports.allocated);
      leftPorts.set([], ports.available);
    });
  }
}
