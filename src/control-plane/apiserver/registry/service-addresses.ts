import { needsNodePorts } from '../../../api/core/v1/service-strategy.ts';
import { needsHealthCheckPort } from '../../../api/core/v1/service-validation.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalError } from '../../../apimachinery/status.ts';
import type { Random } from '../../../system/random.ts';
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
}

const firstNodePort = 30_000;
const lastNodePort = 32_767;

/** Gives services their cluster addresses and node ports, and takes them back. */
export function serviceAddressHooks(options: ServiceAddressOptions): StoreHooks {
  const { book } = options;
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
    throw internalError('failed to allocate a serviceIP: range is full');
  };

  const choosePort = (): number => {
    const span = lastNodePort - firstNodePort + 1;
    const start = Math.floor(options.random.next() * span);
    for (let step = 0; step < span; step++) {
      const port = firstNodePort + ((start + step) % span);
      if (!ports.has(port)) return port;
    }
    throw internalError('failed to allocate a nodePort: range is full');
  };

  /** Fills in what is missing, and takes what is asked for. What the service had before and has no more is let go. */
  const allocate = (service: Service, old: Service | undefined, foreign: ReadonlySet<string>): Reservation => {
    const { spec } = service;
    const taken: (() => void)[] = [];
    const undo = (): void => taken.forEach((release) => release());
    if (spec !== undefined) {
      try {
        initIpFamilies(service, old);
        if (spec.type !== 'ExternalName') allocateAddress(service, old?.spec, foreign, taken);
        allocatePorts(service, spec, old?.spec, taken);
        allocateHealthCheckPort(service, spec, old?.spec, taken);
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

  const checkAddress = (service: Service, address: string, foreign: ReadonlySet<string>): void => {
    const refuse = (message: string): never => {
      const path = new FieldPath('spec.clusterIPs');
      throw invalidService(service, [invalid(path, [address], `failed to allocate IP ${address}: ${message}`)]);
    };
    if (!ranges().some((range) => isInRange(address, range)))
      refuse('the provided network does not match the current range');
    if (addresses.has(address) || foreign.has(address)) refuse('provided IP is already allocated');
  };

  /** @throws StatusError 422 for a port that cannot be had. */
  const takePort = (service: Service, port: number, path: FieldPath, taken: (() => void)[]): void => {
    const refuse = (message: string): never => {
      throw invalidService(service, [invalid(path, port, message)]);
    };
    if (port < firstNodePort || port > lastNodePort) {
      refuse(`provided port is not in the valid range. The range of valid ports is ${firstNodePort}-${lastNodePort}`);
    }
    if (ports.has(port)) refuse('provided port is already allocated');
    ports.add(port);
    taken.push(() => ports.delete(port));
  };

  const allocatePorts = (
    service: Service,
    spec: ServiceSpec,
    old: ServiceSpec | undefined,
    taken: (() => void)[],
  ): void => {
    const before = new Set(nodePortsOf(old));
    const mine = new Set<number>();
    if (!needsNodePorts(spec)) return;
    if (needsNodePorts(old)) keepNodePorts(spec, old?.ports ?? []);
    (spec.ports ?? []).forEach((port, index) => {
      const chosen = (port.nodePort ?? 0) === 0 ? choosePort() : (port.nodePort ?? 0);
      const path = new FieldPath('spec.ports').index(index).child('nodePort');
      // One number may serve several protocols of a service.
      if (!before.has(chosen) && !mine.has(chosen)) takePort(service, chosen, path, taken);
      mine.add(chosen);
      port.nodePort = chosen;
    });
  };

  const allocateHealthCheckPort = (
    service: Service,
    spec: ServiceSpec,
    old: ServiceSpec | undefined,
    taken: (() => void)[],
  ): void => {
    if (!needsHealthCheckPort(spec)) return;
    const had = needsHealthCheckPort(old) ? (old?.healthCheckNodePort ?? 0) : 0;
    const asked = spec.healthCheckNodePort ?? 0;
    spec.healthCheckNodePort = asked === 0 ? (had === 0 ? choosePort() : had) : asked;
    if (had !== 0) return;
    takePort(service, spec.healthCheckNodePort, new FieldPath('spec.healthCheckNodePort'), taken);
  };

  const begin = async (service: Service, old: Service | undefined, dryRun: boolean): Promise<Reservation> => {
    await load();
    // What another one has that is no service of ours.
    const foreign = new Set<string>();
    for (;;) {
      const asked = service.spec?.clusterIPs ?? [];
      const reservation = allocate(service, old, foreign);
      if (dryRun) {
        reservation.undo();
        return { undo() {}, keep() {} };
      }
      const had = addressesOf(old?.spec);
      const [address] = addressesOf(service.spec).filter((each) => !had.includes(each));
      if (address === undefined || book === undefined) return reservation;
      if (await book.claim(address, service)) {
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

function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  const ports = (spec?.ports ?? []).map(({ nodePort = 0 }) => nodePort);
  return [...ports, spec?.healthCheckNodePort ?? 0].filter((port) => port !== 0);
}

/** Ports that an update leaves out are those of the same name before, unless another port has them now. */
function keepNodePorts(spec: ServiceSpec, old: readonly ServicePort[]): void {
  const numberOf = ({ nodePort = 0 }: ServicePort): number => nodePort;
  const before = new Set(old.map(numberOf));
  const used = new Set((spec.ports ?? []).map(numberOf).filter((port) => port !== 0 && before.has(port)));
  for (const port of spec.ports ?? []) {
    if (numberOf(port) !== 0) continue;
    const kept = old.find(({ name = '' }) => name === (port.name ?? ''))?.nodePort ?? 0;
    if (kept !== 0 && !used.has(kept)) port.nodePort = kept;
  }
}

interface AddressRange {
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
  return { first: base + 1, count: size - 2 };
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
