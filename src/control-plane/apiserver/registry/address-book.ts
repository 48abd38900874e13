import { isIP } from 'node:net';
import type { Service } from '../../../api/types/core-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../../api/types/networking-v1.ts';
import type { GroupVersionResource } from '../../../apimachinery/gvk.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Informer } from '../../../client/informer.ts';
import type { AddressBook } from './service-addresses.ts';

const group = 'networking.k8s.io';
const addressesResource: GroupVersionResource = { group, version: 'v1', resource: 'ipaddresses' };

/** The resource of ranges of service addresses. */
export const rangesResource: GroupVersionResource = { group, version: 'v1', resource: 'servicecidrs' };

/** Keeps an IPAddress for each address of a service, and takes them from ServiceCIDRs. */
export function createAddressBook(client: Client, ranges: Informer<ServiceCIDR>): AddressBook {
  const addresses = client.resource<IPAddress>(addressesResource);
  return {
    async claim(address, service) {
      const entry = entryOf(address, service);
      try {
        await addresses.create(entry);
        return true;
      } catch (error) {
        // Admission may refuse what is there already, or a webhook not answer about it.
        const found = await addresses.get(address).catch(() => undefined);
        if (found === undefined) throw error;
        const { spec } = found;
        const { resource, namespace, name } = spec.parentRef;
        const own = entry.spec.parentRef;
        return resource === own.resource && namespace === own.namespace && name === own.name;
      }
    },
    async release(address) {
      try {
        await addresses.delete(address);
      } catch (error) {
        if (!hasReason(error, 'NotFound')) throw error;
      }
    },
    ranges: () =>
      ranges.hasSynced() ? { all: cidrsOf(ranges.list()), open: cidrsOf(ranges.list().filter(isReady)) } : undefined,
  };
}

function cidrsOf(ranges: readonly ServiceCIDR[]): readonly string[] {
  return [...new Set(ranges.flatMap(({ spec }) => spec?.cidrs ?? []))];
}

/** A range that nothing is said of is as good as ready: the controller that says it may not run. */
function isReady({ metadata, status }: ServiceCIDR): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return metadata.deletionTimestamp === undefined && (ready === undefined || ready.status === 'True');
}

function entryOf(address: string, { metadata }: Service): IPAddress {
  return {
    apiVersion: `${group}/v1`,
    kind: 'IPAddress',
    metadata: {
      name: address,
      labels: {
        'ipaddress.kubernetes.io/ip-family': isIP(address) === 6 ? 'IPv6' : 'IPv4',
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: metadata.namespace ?? '', name: metadata.name ?? '' } },
  };
}
