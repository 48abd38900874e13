import type { Service, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { canonicalIp } from '../../../apimachinery/ip-address.ts';
import { internalError, StatusError } from '../../../apimachinery/status.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Random } from '../../../system/random.ts';
import { type AllocationObserver, type AllocationUse, silentAllocation } from './allocation-observer.ts';
import {
  allocateNodePorts,
  nodePortCount,
  type NodePortRange,
  nodePortsOf,
  pretendPorts,
  takePorts,
  usualNodePorts,
} from './node-ports.ts';
import {
  addressAt,
  type AddressRange,
  containsAddress,
  type IpFamily,
  isForServices,
  parseAddressRange,
} from './address-range.ts';
import { initIpFamilies, invalidService, keepsPreference } from './service-ip-families.ts';
import type { Reservation, StoreHooks } from './store.ts';

/** Where others see which addresses are taken, and which there are (KEP-1880). */
export interface AddressBook {
  /** Records whose an address is. @returns false when it is somebody else's */
  claim(address: string, service: Service): Promise<boolean>;
  release(address: string): Promise<void>;
  /** All ranges of addresses, and those that addresses are given out of; undefined as long as that is not known. */
  ranges(): { readonly all: readonly string[]; readonly open: readonly string[] } | undefined;
}

export interface ServiceAddressOptions {
  /**
   * The cluster's own ranges of addresses, one for each family that it has, the usual one first; the book may know others.
   */
  readonly serviceRanges: readonly string[];
  /** The ports of nodes that services may have; the usual ones when absent. */
  readonly nodePorts?: NodePortRange;
  readonly random: Random;
  /** All services that are stored, asked once. */
  readonly existing: () => Promise<readonly Service[]>;
  readonly book?: AddressBook;
  readonly clock: Clock;
  readonly observer?: AllocationObserver;
}

/** The hooks of services. */
export interface ServiceAddressHooks extends StoreHooks {
  /** Finds out what stored services have; the first write waits for it too. */
  load(): Promise<void>;
  /** Claims their addresses for them where nobody did. @throws StatusError where admission refuses it */
  readonly claimStored: () => Promise<void>;
  /** What of the ranges is taken. */
  use(): AllocationUse;
}

/** Gives services their cluster addresses and node ports, and takes them back. */
export function serviceAddressHooks(options: ServiceAddressOptions): ServiceAddressHooks {
  const { book, clock, observer = silentAllocation, nodePorts = usualNodePorts } = options;
  const own = options.serviceRanges.flatMap((text) => parseAddressRange(text) ?? []);
  const families = own.map(({ family }) => family);
  const ownRange = (family: IpFamily): string => own.find((range) => range.family === family)?.text ?? '';
  const ranges = (): AddressRange[] => parseRanges(book?.ranges()?.all ?? options.serviceRanges);
  const openRanges = (): AddressRange[] => parseRanges(book?.ranges()?.open ?? options.serviceRanges);
  // An entry that stays is only taken for longer.
  const release = async (address: string): Promise<void> => book?.release(address).catch(() => {});
  const addresses = new Set<string>();
  const ports = new Set<number>();
  let loading: Promise<void> | undefined;

  const readStored = async (): Promise<void> => {
    for (const service of await options.existing()) {
      for (const address of addressesOf(service.spec)) addresses.add(address);
      for (const port of nodePortsOf(service.spec)) ports.add(port);
    }
  };
  const load = (): Promise<void> =>
    (loading ??= readStored().catch((error: unknown) => {
      // Whoever comes next tries again.
      loading = undefined;
      throw error;
    }));

  const chooseAddress = (service: Service, family: IpFamily, taken: ReadonlySet<string>): string => {
    for (const range of openRanges()) {
      if (range.family !== family) continue;
      const address = freeAddress(range, options.random, (one) => !addresses.has(one) && !taken.has(one));
      if (address !== undefined) return address;
    }
    observer.addressRefused(ownRange(family), 'dynamic');
    const name = JSON.stringify(service.metadata.name ?? '');
    throw internalError(`failed to allocate a serviceIP for Service ${name}: range is full`);
  };

  /** Fills in what is missing, and takes what is asked for. What the service had before and has no more is let go. */
  const allocate = (service: Service, old: Service | undefined, foreign: ReadonlySet<string>): Reservation => {
    const { spec } = service;
    const taken: (() => void)[] = [];
    const giveBack = (): void => taken.forEach((undo) => undo());
    if (spec !== undefined) {
      try {
        initIpFamilies(service, old, families);
        allocateAddresses(service, old?.spec, foreign, taken);
        allocateNodePorts(service, old?.spec, takePorts(ports, nodePorts, options.random, taken, observer));
      } catch (error) {
        giveBack();
        throw error;
      }
    }
    const keep = async (): Promise<void> => {
      const [keptAddresses, keptPorts] = [new Set(addressesOf(spec)), new Set(nodePortsOf(spec))];
      for (const port of nodePortsOf(old?.spec)) if (!keptPorts.has(port)) ports.delete(port);
      for (const address of addressesOf(old?.spec)) {
        if (keptAddresses.has(address)) continue;
        await release(address);
        addresses.delete(address);
      }
    };
    return { undo: () => Promise.resolve(giveBack()), keep };
  };

  const allocateAddresses = (
    service: Service,
    old: ServiceSpec | undefined,
    foreign: ReadonlySet<string>,
    taken: (() => void)[],
  ): void => {
    const { spec = {} } = service;
    const had = addressesOf(old);
    fillAddresses(spec, old, (family, asked) => {
      const address = asked === '' ? chooseAddress(service, family, foreign) : canonicalIp(asked);
      if (had.includes(address)) return asked;
      checkAddress(service, asked === '' ? address : asked, foreign);
      addresses.add(address);
      taken.push(() => addresses.delete(address));
      return asked === '' ? address : asked;
    });
  };

  const rangeOf = (address: string): string | undefined =>
    ranges().find((range) => containsAddress(range, address))?.text;

  const checkAddress = (service: Service, address: string, foreign: ReadonlySet<string>): void => {
    const range = openRanges().find((candidate) => isForServices(candidate, address));
    if (range === undefined) {
      throw refusedAddress(service, address, 'the provided network does not match the current range');
    }
    if (addresses.has(canonicalIp(address)) || foreign.has(canonicalIp(address))) {
      observer.addressRefused(range.text, 'static');
      throw refusedAddress(service, address, 'provided IP is already allocated');
    }
  };

  /** What a service would be given: the start of the range stands for an address, and no port is looked for. */
  const pretend = (service: Service, old: Service | undefined): void => {
    const { spec } = service;
    if (spec === undefined) return;
    initIpFamilies(service, old, families);
    const had = addressesOf(old?.spec);
    fillAddresses(spec, old?.spec, (family, asked) => {
      const range = own.find((candidate) => candidate.family === family);
      if (range === undefined) return asked;
      if (asked === '') return addressAt(range, 0n);
      if (!had.includes(canonicalIp(asked)) && !isForServices(range, asked)) {
        throw refusedAddress(service, asked, outside(asked, range));
      }
      return asked;
    });
    allocateNodePorts(service, old?.spec, pretendPorts(ports, nodePorts));
  };

  const begin = async (service: Service, old: Service | undefined, dryRun: boolean): Promise<Reservation> => {
    await load();
    if (dryRun) {
      pretend(service, old);
      return { undo: () => Promise.resolve(), keep: () => Promise.resolve() };
    }
    const begun = clock.now();
    // What another one has that is no service of ours.
    const foreign = new Set<string>();
    const asked = [...(service.spec?.clusterIPs ?? [])];
    for (;;) {
      const reservation = allocate(service, old, foreign);
      const had = addressesOf(old?.spec);
      // Services that are names of something else have no addresses: validation refuses those they come with.
      const isName = service.spec?.type === 'ExternalName';
      const given = isName ? [] : addressesOf(service.spec).filter((each) => !had.includes(each));
      const claimed: string[] = [];
      const undo = async (): Promise<void> => {
        for (const address of claimed) await release(address);
        await reservation.undo();
      };
      const lost = await firstLost(given, claimed, service).catch(async (error: unknown) => {
        await undo();
        throw error;
      });
      if (lost === undefined) {
        for (const address of given) {
          const scope = asked.map(canonicalIp).includes(address) ? 'static' : 'dynamic';
          observer.address(rangeOf(address) ?? '', scope, (clock.now() - begun) / 1000);
        }
        return { ...reservation, undo };
      }
      await undo();
      foreign.add(lost);
      restoreAsked(service, asked);
    }
  };

  /** Notes whose addresses are, until one is somebody else's: that is the one that is returned. */
  const firstLost = async (
    given: readonly string[],
    claimed: string[],
    service: Service,
  ): Promise<string | undefined> => {
    for (const address of given) {
      if (book !== undefined && !(await noted(book, address, service))) return address;
      claimed.push(address);
    }
    return undefined;
  };

  return {
    load,
    async claimStored() {
      for (const service of await options.existing()) {
        for (const address of addressesOf(service.spec)) await book?.claim(address, service);
      }
    },
    use: () => ({
      ranges: ranges().map((range) => {
        const allocated = [...addresses].filter((address) => containsAddress(range, address)).length;
        return { range: range.text, allocated, available: Number(range.count) - allocated };
      }),
      ports: { allocated: ports.size, available: nodePortCount(nodePorts) - ports.size },
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

/**
 * Has the families of a service that have no address yet given one: all of a service that had none, the second one of a
 * service that had one family. What an update makes of the others is for validation to refuse.
 * @param give takes a family and the address that is asked for, empty where none is
 */
function fillAddresses(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
  give: (family: IpFamily, asked: string) => string,
): void {
  const isNew = old === undefined || old.type === 'ExternalName';
  if (spec.type === 'ExternalName' || (isNew ? spec : old).clusterIPs?.[0] === 'None') return;
  if (keepsPreference(spec, old)) return;
  const families = spec.ipFamilies ?? [];
  const gains = !isNew && old.ipFamilies?.length === 1 && families.length === 2;
  if (!isNew && !gains) return;
  const given = [...(spec.clusterIPs ?? [])];
  while (given.length < families.length) given.push('');
  spec.clusterIPs = given;
  families.forEach((family, index) => {
    if (index > 0 || isNew) given[index] = give(family === 'IPv6' ? 'IPv6' : 'IPv4', given[index] ?? '');
  });
  if (isNew && given[0] !== undefined) spec.clusterIP = given[0];
}

/** An address of a range that nobody has: of its upper part if there is one. @returns undefined when all are taken */
function freeAddress(range: AddressRange, random: Random, isFree: (address: string) => boolean): string | undefined {
  const { count, reserved } = range;
  const upper = count - reserved;
  const parts = [
    { first: reserved + 1n, size: upper },
    { first: 1n, size: reserved },
  ];
  for (const { first, size } of parts) {
    if (size <= 0n) continue;
    const start = (size * BigInt(Math.floor(random.next() * 2 ** 48))) >> 48n;
    for (let step = 0n; step < size; step++) {
      const address = addressAt(range, first + ((start + step) % size));
      if (isFree(address)) return address;
    }
  }
  return undefined;
}

function parseRanges(texts: readonly string[]): AddressRange[] {
  return texts.flatMap((text) => parseAddressRange(text) ?? []);
}

function asService(object: Unstructured): Service {
  return object;
}

/** As the service came, when what was chosen for it cannot be had. */
function restoreAsked({ spec }: Service, asked: readonly string[]): void {
  if (spec === undefined) return;
  if (asked.length > 0) spec.clusterIPs = [...asked];
  else {
    delete spec.clusterIP;
    delete spec.clusterIPs;
  }
}

function outside(address: string, range: AddressRange): string {
  return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range.text}`;
}

/** The addresses of a service, each in the one way it is written. */
function addressesOf(spec: ServiceSpec | undefined): readonly string[] {
  return (spec?.clusterIPs ?? []).filter((address) => address !== 'None' && address !== '').map(canonicalIp);
}

/** Notes an address; a service that nothing can be noted of cannot have one. */
async function noted(book: AddressBook, address: string, service: Service): Promise<boolean> {
  try {
    return await book.claim(address, service);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'Invalid') throw error;
    const path = new FieldPath('spec.clusterIPs');
    const asked = (service.spec?.clusterIPs ?? []).map(() => '');
    throw invalidService(service, [invalid(path, asked, `failed to allocate IP: ${error.message}`)]);
  }
}

function refusedAddress(service: Service, address: string, problem: string): Error {
  const path = new FieldPath('spec.clusterIPs');
  const shown = service.spec?.clusterIPs ?? [];
  return invalidService(service, [invalid(path, shown, `failed to allocate IP ${address}: ${problem}`)]);
}
