import type { NetworkPlugin } from './network-plugin.ts';

/**
 * Hands out addresses of one IPv4 range, as the host-local IPAM plugin does: one after the other, wrapping around, so
 * that an address rests as long as possible before it is used again. No interfaces are made.
 * @param podCIDR such as `10.244.0.0/24`; its network, gateway (first) and broadcast addresses are kept free.
 * @throws Error for a range that is not IPv4 or holds fewer than four addresses.
 */
export function createHostLocalNetwork(podCIDR: string): NetworkPlugin {
  const { first, count } = usableRange(podCIDR);
  const bySandbox = new Map<string, number>();
  const used = new Set<number>();
  let next = 0;
  return {
    async add(sandbox) {
      const existing = bySandbox.get(sandbox.id);
      if (existing !== undefined) return [formatAddress(first + existing)];
      if (used.size >= count) throw new Error(`no IP addresses available in range set: ${podCIDR}`);
      while (used.has(next)) next = (next + 1) % count;
      const offset = next;
      next = (next + 1) % count;
      used.add(offset);
      bySandbox.set(sandbox.id, offset);
      return [formatAddress(first + offset)];
    },
    async remove(sandboxId) {
      const offset = bySandbox.get(sandboxId);
      if (offset === undefined) return;
      bySandbox.delete(sandboxId);
      used.delete(offset);
    },
  };
}

function usableRange(cidr: string): { first: number; count: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (match === null || octets.some((octet) => octet > 255) || prefix > 30) {
    throw new Error(`invalid pod CIDR ${cidr}: want an IPv4 range of at least four addresses, such as 10.244.0.0/24`);
  }
  const size = 2 ** (32 - prefix);
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const base = Math.floor(address / size) * size;
  return { first: base + 2, count: size - 3 };
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
