import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Random } from '../../../system/random.ts';
import { type AllocationObserver, type AllocationUse, silentAllocation } from './allocation-observer.ts';
import { allocateNodePorts, nodePortCount, nodePortsOf, pretendPorts, takePorts } from './node-ports.ts';
import { initIpFamilies, invalidService } from './service-ip-families.ts';
import type { Reservation, StoreHooks } from './store.ts';

/** Where others see which addresses are taken, and find more of them (KEP-1880). */
export interface AddressBook {
  /** Records whose an address is. @returns false when it is somebody else's */
  claim(address: string, service: Service): Promise<boolean>;
  release(address: string): Promise<void>;
  /** Ranges of addresses besides the cluster's first one. */
  ranges(): readonly string[];
}

export interface ServiceAddressOptions {
  /** IPv4 range of cluster addresses. */
  readonly serviceRange: string;
  readonly random: Random;
  /** All services that are stored, asked once. */
  readonly existing: () => Promise<readonly Service[]>;
  readonly book?: AddressBook;
  readonly clock: Clock;
  readonly observer?: AllocationObserver;
}

/** The hooks of services. */
export interface ServiceAddressHooks extends StoreHooks {
  /** Finds out what stored services have, and claims it for them where nobody did; the first write waits for it too. */
  load(): Promise<void>;
  /** What of the ranges is taken. */
  use(): AllocationUse;
}

/** Gives services their cluster addresses and node ports, and takes them back. */
export function serviceAddressHooks(options: ServiceAddressOptions): ServiceAddressHooks {
  const { book, clock, observer = silentAllocation } = options;
  const ranges = (): AddressRange[] =>
    [...new Set([options.serviceRange, ...(book?.ranges() ?? [])])].filter(isFourPartRange).map(parseRange);
  const release = (address: string): void => {
    // Nobody waits for it; an entry that stays is only taken for longer.
    void book?.release(address).catch(() => {});
  };
  const addresses = new Set<string>();
  const ports = new Set<number>();
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> =>
    (loading ??= (async () => {
      for (const service of await options.existing()) {
        for (const address of addressesOf(service.spec)) {
          addresses.add(address);
          await book?.claim(address, service);
        }
        for (const port of nodePortsOf(service.spec)) ports.add(port);
      }
    })());

  const chooseAddress = (taken: ReadonlySet<string>): string => {
    for (const range of ranges()) {
      // The first addresses are left to those who ask for one (KEP-3070).
      const reserved = Math.min(256, Math.max(16, Math.floor(range.count / 16)));
      const start = Math.floor(options.random.next() * Math.max(1, range.count - reserved));
      for (let step = 0; step < range.count; step++) {
        const address = formatAddress(range.first + reserved + ((start + step) % Math.max(1, range.count - reserved)));
        if (!addresses.has(address) && !taken.has(address)) return address;
      }
    }
    observer.addressRefused(options.serviceRange, 'dynamic');
    throw internalError('failed to allocate a serviceIP: range is full');
  };

  /** Fills in what is missing, and takes what is asked for. What the service had before and has no more is let go. */
  const allocate = (service: Service, old: Service | undefined, foreign: ReadonlySet<string>): Reservation => {
    const { spec } = service;
    const taken: (() => void)[] = [];
    const undo = (): void => taken.forEach((release) => release());
    if (spec !== undefined) {
      try {
        initIpFamilies(service, old);
        if (isGivenAddress(spec, old?.spec)) allocateAddress(service, old?.spec, foreign, taken);
        allocateNodePorts(service, old?.spec, takePorts(ports, options.random, taken, observer));
      } catch (error) {
        undo();
        throw error;
      }
    }
    const keep = (): void => {
      const [keptAddresses, keptPorts] = [new Set(addressesOf(spec)), new Set(nodePortsOf(spec))];
      for (const address of addressesOf(old?.spec)) {
        if (keptAddresses.has(address)) continue;
        addresses.delete(address);
        release(address);
      }
      for (const port of nodePortsOf(old?.spec)) if (!keptPorts.has(port)) ports.delete(port);
    };
    return { undo, keep };
  };

  const allocateAddress = (
    service: Service,
    old: ServiceSpec | undefined,
    foreign: ReadonlySet<string>,
    taken: (() => void)[],
  ): void => {
    const { spec = {} } = service;
    if (spec.clusterIP === 'None') return;
    const asked = spec.clusterIPs?.[0] ?? '';
    const address = asked === '' ? chooseAddress(foreign) : asked;
    if (!addressesOf(old).includes(address)) {
      checkAddress(service, address, foreign);
      addresses.add(address);
      taken.push(() => addresses.delete(address));
    }
    spec.clusterIP = address;
    spec.clusterIPs = [address, ...(spec.clusterIPs ?? []).slice(1)];
  };

  const rangeOf = (address: string): string | undefined => ranges().find((range) => isInRange(address, range))?.text;

  const checkAddress = (service: Service, address: string, foreign: ReadonlySet<string>): void => {
    const range = rangeOf(address);
    if (range === undefined) {
      throw refusedAddress(service, address, 'the provided network does not match the current range');
    }
    if (addresses.has(address) || foreign.has(address)) {
      observer.addressRefused(range, 'static');
      throw refusedAddress(service, address, 'provided IP is already allocated');
    }
  };

  /** What a service would be given: the start of the range stands for an address, and no port is looked for. */
  const pretend = (service: Service, old: Service | undefined): void => {
    const { spec } = service;
    if (spec === undefined) return;
    initIpFamilies(service, old);
    if (isGivenAddress(spec, old?.spec) && spec.clusterIP !== 'None') {
      const [asked = '', ...others] = spec.clusterIPs ?? [];
      const [range = parseRange(options.serviceRange)] = ranges();
      if (asked !== '' && !addressesOf(old?.spec).includes(asked) && !isInRange(asked, range)) {
        const problem = `the provided IP (${asked}) is not in the valid range. The range of valid IPs is ${range.text}`;
        throw refusedAddress(service, asked, problem);
      }
      const address = asked === '' ? formatAddress(range.first - 1) : asked;
      spec.clusterIP = address;
      spec.clusterIPs = [address, ...others];
    }
    allocateNodePorts(service, old?.spec, pretendPorts(ports));
  };

  const begin = async (service: Service, old: Service | undefined, dryRun: boolean): Promise<Reservation> => {
    await load();
    if (dryRun) {
      pretend(service, old);
      return { undo() {}, keep() {} };
    }
    const begun = clock.now();
    // What another one has that is no service of ours.
    const foreign = new Set<string>();
    for (;;) {
      const asked = service.spec?.clusterIPs ?? [];
      const reservation = allocate(service, old, foreign);
      const had = addressesOf(old?.spec);
      const [address] = addressesOf(service.spec).filter((each) => !had.includes(each));
      if (address === undefined) return reservation;
      if (book === undefined || (await book.claim(address, service))) {
        const scope = asked[0] === undefined || asked[0] === '' ? 'dynamic' : 'static';
        observer.address(rangeOf(address) ?? options.serviceRange, scope, (clock.now() - begun) / 1000);
        const undo = (): void => {
          reservation.undo();
          release(address);
        };
        return { ...reservation, undo };
      }
      reservation.undo();
      foreign.add(address);
      restoreAsked(service, asked);
    }
  };

  return {
    load,
    use: () => ({
      ranges: ranges().map((range) => {
        const allocated = [...addresses].filter((address) => isInRange(address, range)).length;
        return { range: range.text, allocated, available: range.count - allocated };
      }),
      ports: { allocated: ports.size, available: nodePortCount - ports.size },
    }),
    beginCreate: (object, context) => begin(asService(object), undefined, context.dryRun),
    beginUpdate: (object, old, context) =>
      context.subresource === ''
        ? begin(asService(object), asService(old), context.dryRun)
        : Promise.resolve(undefined),
    async afterDelete(object, context) {
      if (context.dryRun) return;
      await load();
      const { spec } = asService(object);
      for (const address of addressesOf(spec)) {
        addresses.delete(address);
        await book?.release(address);
      }
      for (const port of nodePortsOf(spec)) ports.delete(port);
    },
  };
}

/** An address is chosen once; what an update makes of it is for validation to refuse. */
function isGivenAddress(spec: ServiceSpec, old: ServiceSpec | undefined): boolean {
  return spec.type !== 'ExternalName' && (old === undefined || old.type === 'ExternalName');
}

function asService(object: Unstructured): Service {
  return object;
}

/** As the service came, when what was chosen for it cannot be had. */
function restoreAsked(service: Service, asked: readonly string[]): void {
  const { spec } = service;
  if (spec === undefined || asked.length > 0) return;
  delete spec.clusterIP;
  delete spec.clusterIPs;
}

function addressesOf(spec: ServiceSpec | undefined): readonly string[] {
  return (spec?.clusterIPs ?? []).filter((address) => address !== 'None');
}

function refusedAddress(service: Service, address: string, problem: string): Error {
  const path = new FieldPath('spec.clusterIPs');
  return invalidService(service, [invalid(path, [address], `failed to allocate IP ${address}: ${problem}`)]);
}

interface AddressRange {
  /** As it is written. */
  readonly text: string;
  /** The first usable address, as a number. */
  readonly first: number;
  readonly count: number;
}

function isFourPartRange(range: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(range);
}

function parseRange(range: string): AddressRange {
  const [address = '', prefix = ''] = range.split('/');
  const size = 2 ** (32 - Number(prefix));
  const base = Math.floor(addressNumber(address) / size) * size;
  return { text: range, first: base + 1, count: size - 2 };
}

function addressNumber(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function isInRange(address: string, range: AddressRange): boolean {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return false;
  const value = addressNumber(address);
  return value >= range.first && value < range.first + range.count;
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
