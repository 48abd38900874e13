import { createHash } from 'node:crypto';
import type { Lease } from '../../../api/types/coordination-v1.ts';
import { formatMicroTime } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client, ResourceClient } from '../../../client/client.ts';
import type { Clock, Timer } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { Random } from '../../../system/random.ts';

const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
const namespace = 'kube-system';
const component = 'kube-apiserver';
const identityLabel = 'apiserver.kubernetes.io/identity';
const leaseDurationSeconds = 3600;
const renewMillis = 10_000;
const collectMillis = 3_600_000;

export interface IdentityLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The machine's name. */
  readonly hostname: string;
  /** `host:port` where other servers would find this one. */
  readonly address: () => string;
}

/** The lease by which a running API server is known. */
export interface IdentityLease {
  /** Takes the place of what an earlier server on this machine left, and begins to renew. */
  start(): void;
  /** Gives the lease back. */
  stop(): Promise<void>;
}

/** The name of a server and of its lease: the same at every start on one machine. */
export function serverIdentity(hostname: string): string {
  const hash = createHash('sha256').update(lengthPrefixed(hostname)).update(lengthPrefixed(component)).digest();
  return `apiserver-${base32(hash.subarray(0, 16))}`;
}

/** Keeps a lease in kube-system that tells of this server, and clears away those of servers that are gone (KEP-1965). */
export function createIdentityLease(options: IdentityLeaseOptions): IdentityLease {
  const { client, clock, random, log, hostname, address } = options;
  const leases = client.resource<Lease>(leasesResource, namespace);
  const name = serverIdentity(hostname);
  const holderIdentity = `${name}_${random.uuid()}`;
  const timers = new Set<Timer>();
  let isStopped = false;
  let working: Promise<unknown> = Promise.resolve();

  const every = (millis: number, work: () => Promise<void>): void => {
    working = Promise.all([
      working,
      work().catch((error: unknown) => log.warn('keeping identity leases failed', { error: String(error) })),
    ]);
    const timer = clock.setTimer(
      () => {
        timers.delete(timer);
        if (!isStopped) every(millis, work);
      },
      millis,
      { unref: true },
    );
    timers.add(timer);
  };
  const newLease = (): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: { [identityLabel]: component, 'kubernetes.io/hostname': hostname },
      annotations: { 'kubernetes.io/peer-advertise-address': address() },
    },
    spec: { holderIdentity, leaseDurationSeconds, renewTime: formatMicroTime(clock.now()) },
  });
  let isFirst = true;
  const renew = async (): Promise<void> => {
    if (isFirst) await remove(leases, name);
    isFirst = false;
    const { metadata, spec } = newLease();
    const { labels, annotations } = metadata;
    try {
      await leases.patch(name, 'application/merge-patch+json', { metadata: { labels, annotations }, spec });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      await leases.create(newLease());
    }
  };
  return {
    start() {
      every(renewMillis, renew);
      every(collectMillis, () => collectExpired(leases, clock.now()));
    },
    async stop() {
      isStopped = true;
      for (const timer of timers) timer.cancel();
      await working;
      await remove(leases, name).catch((error: unknown) =>
        log.warn('the identity lease stays behind', { name, error: String(error) }),
      );
    },
  };
}

async function collectExpired(leases: ResourceClient<Lease>, now: number): Promise<void> {
  const { items } = await leases.list({ labelSelector: `${identityLabel}=${component}` });
  for (const { metadata, spec } of items) {
    const { renewTime, leaseDurationSeconds: seconds } = spec ?? {};
    const isValid = renewTime !== undefined && seconds !== undefined && Date.parse(renewTime) + seconds * 1000 >= now;
    if (!isValid) await remove(leases, metadata.name ?? '');
  }
}

async function remove(leases: ResourceClient<Lease>, name: string): Promise<void> {
  try {
    await leases.delete(name);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
  }
}

/** Two bytes of length, big endian, then the text. */
function lengthPrefixed(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** RFC 4648, in lower case and without padding. */
function base32(bytes: Uint8Array): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}
