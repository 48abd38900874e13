import type { Service, ServicePort, ServiceSpec } from '../../../api/types/core-v1.ts';
import { FieldPath, invalid, invalidObject } from '../../../apimachinery/field-error.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalError } from '../../../apimachinery/status.ts';
import type { Random } from '../../../system/random.ts';
import type { StoreHooks, Undo } from './store.ts';

export interface ServiceAddressOptions {
  /** IPv4 range of cluster addresses. */
  readonly serviceRange: string;
  readonly random: Random;
  /** All services that are stored, asked once. */
  readonly existing: () => Promise<readonly Service[]>;
}

const firstNodePort = 30_000;
const lastNodePort = 32_767;
const gvk = { group: '', version: 'v1', kind: 'Service' } as const;

/** Gives services their cluster addresses and node ports, and takes them back. */
export function serviceAddressHooks(options: ServiceAddressOptions): StoreHooks {
  const range = parseRange(options.serviceRange);
  const addresses = new Set<string>();
  const ports = new Set<number>();
  let loading: Promise<void> | undefined;

  const load = (): Promise<void> =>
    (loading ??= (async () => {
      for (const service of await options.existing()) remember(service.spec);
    })());

  const remember = (spec: ServiceSpec | undefined): void => {
    for (const address of spec?.clusterIPs ?? []) if (address !== 'None') addresses.add(address);
    for (const port of nodePortsOf(spec)) ports.add(port);
  };

  const chooseAddress = (): string => {
    // The first addresses are left to those who ask for one (KEP-3070).
    const reserved = Math.min(256, Math.max(16, Math.floor(range.count / 16)));
    const start = Math.floor(options.random.next() * Math.max(1, range.count - reserved));
    for (let step = 0; step < range.count; step++) {
      const address = formatAddress(range.first + reserved + ((start + step) % Math.max(1, range.count - reserved)));
      if (!addresses.has(address)) return address;
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

  /** Fills in what is missing. @returns what gives it back */
  const allocate = (object: Unstructured, old: ServiceSpec | undefined): Undo => {
    const { spec } = object as unknown as Service;
    const taken: (() => void)[] = [];
    const undo = (): void => taken.forEach((release) => release());
    if (spec === undefined || spec.type === 'ExternalName') return undo;
    try {
      allocateAddress(object, spec, old, taken);
      allocatePorts(object, spec, old, taken);
    } catch (error) {
      undo();
      throw error;
    }
    return undo;
  };

  const allocateAddress = (
    object: Unstructured,
    spec: ServiceSpec,
    old: ServiceSpec | undefined,
    taken: (() => void)[],
  ): void => {
    if ((spec.clusterIP ?? '') === '' && (old?.clusterIP ?? '') !== '') spec.clusterIP = old?.clusterIP ?? '';
    const asked = spec.clusterIP ?? '';
    if (asked !== 'None' && asked !== (old?.clusterIP ?? '')) {
      const address = asked === '' ? chooseAddress() : asked;
      checkAddress(object, address);
      addresses.add(address);
      taken.push(() => addresses.delete(address));
      spec.clusterIP = address;
    } else if (asked === '') {
      spec.clusterIP = chooseAddress();
      const address = spec.clusterIP;
      addresses.add(address);
      taken.push(() => addresses.delete(address));
    }
    spec.clusterIPs = [spec.clusterIP ?? ''];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
  };

  const checkAddress = (object: Unstructured, address: string): void => {
    const path = new FieldPath('spec.clusterIPs');
    const refuse = (message: string): never => {
      throw invalidObject(gvk, object.metadata.name ?? '', [invalid(path, [address], message)]);
    };
    if (!isInRange(address, range)) {
      refuse(
        `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${options.serviceRange}`,
      );
    }
    if (addresses.has(address)) refuse(`failed to allocate IP ${address}: provided IP is already allocated`);
  };

  const allocatePorts = (
    object: Unstructured,
    spec: ServiceSpec,
    old: ServiceSpec | undefined,
    taken: (() => void)[],
  ): void => {
    const needsPorts =
      spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
    const before = new Set(nodePortsOf(old));
    (spec.ports ?? []).forEach((port: ServicePort, index) => {
      const asked = port.nodePort ?? 0;
      if (asked === 0 && !needsPorts) return;
      const kept = old?.ports?.find(
        (candidate) => candidate.port === port.port && candidate.protocol === port.protocol,
      );
      const chosen = asked !== 0 ? asked : (kept?.nodePort ?? choosePort());
      if (!before.has(chosen)) {
        const path = new FieldPath('spec.ports').index(index).child('nodePort');
        const refuse = (message: string): never => {
          throw invalidObject(gvk, object.metadata.name ?? '', [invalid(path, chosen, message)]);
        };
        if (chosen < firstNodePort || chosen > lastNodePort) {
          refuse(
            `provided port is not in the valid range. The range of valid ports is ${firstNodePort}-${lastNodePort}`,
          );
        }
        if (ports.has(chosen)) refuse('provided port is already allocated');
        ports.add(chosen);
        taken.push(() => ports.delete(chosen));
      }
      port.nodePort = chosen;
    });
  };

  return {
    async beginCreate(object, context) {
      await load();
      const undo = allocate(object, undefined);
      if (context.dryRun) undo();
      return undo;
    },
    async beginUpdate(object, old, context) {
      await load();
      if (context.subresource !== '') return undefined;
      const before = (old as unknown as Service).spec;
      const undo = allocate(object, before);
      if (context.dryRun) undo();
      return undo;
    },
    async afterDelete(object, context) {
      if (context.dryRun) return;
      const { spec } = object as unknown as Service;
      for (const address of spec?.clusterIPs ?? []) addresses.delete(address);
      for (const port of nodePortsOf(spec)) ports.delete(port);
    },
  };
}

function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  return (spec?.ports ?? []).map((port) => port.nodePort ?? 0).filter((port) => port !== 0);
}

interface AddressRange {
  /** The first usable address, as a number. */
  readonly first: number;
  readonly count: number;
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
