import type { Condition } from '../../api/types/meta-v1.ts';
import type { IPAddress, ServiceCIDR } from '../../api/types/networking-v1.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import { blockContains, parseIp, parseIpBlock } from '../../apimachinery/ip-address.ts';
import { formatTime } from '../../apimachinery/object-meta.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf } from './keyed-controller.ts';

const rangesResource: GroupVersionResource = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'servicecidrs',
};
const addressesResource: GroupVersionResource = { ...rangesResource, resource: 'ipaddresses' };
const name = 'service-cidr-controller';
const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** How long those who give out addresses have to learn that a range is to go. */
const graceMillis = 10_000;

/** Tells which ranges of service addresses are ready, and keeps one that is deleted while its addresses are in use (KEP-1880). */
export function createServiceCidrController(context: ControllerContext): Controller {
  const ranges = context.informers.informer<ServiceCIDR>(rangesResource);
  const addresses = context.informers.informer<IPAddress>(addressesResource);

  const patch = async ({ metadata: { name: rangeName = '' } }: ServiceCIDR, body: object): Promise<void> => {
    try {
      const own = context.client.resource(rangesResource);
      await own.patch(rangeName, 'application/strategic-merge-patch+json', body);
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  };

  const setReady = async (range: ServiceCIDR, condition: Omit<Condition, 'lastTransitionTime'>): Promise<void> => {
    const current = range.status?.conditions?.find(({ type }) => type === condition.type);
    const isSame =
      current?.status === condition.status &&
      current.reason === condition.reason &&
      current.message === condition.message;
    if (isSame) return;
    const applied = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name: range.metadata.name },
      status: { conditions: [{ ...condition, lastTransitionTime: formatTime(context.clock.now()) }] },
    };
    await context.client
      .resource(rangesResource)
      .patch(range.metadata.name ?? '', 'application/apply-patch+yaml', applied, {
        fieldManager: name,
        force: true,
        subresource: 'status',
      });
  };

  /** Whether an address of the range is in no other range that stays. */
  const isNeeded = (range: ServiceCIDR): boolean => {
    const others = ranges
      .list()
      .filter(({ metadata }) => metadata.name !== range.metadata.name && metadata.deletionTimestamp === undefined);
    return addresses
      .list()
      .some(({ metadata }) => isIn(metadata.name, range) && !others.some((other) => isIn(metadata.name, other)));
  };

  return createKeyedController({
    name,
    context,
    register(queue) {
      const look = (range: ServiceCIDR): void => queue.add(keyOf(range));
      const lookAtThoseThatGo = (): void => {
        for (const range of ranges.list()) if (range.metadata.deletionTimestamp !== undefined) look(range);
      };
      ranges.addHandler({
        added: (range) => {
          look(range);
          lookAtThoseThatGo();
        },
        updated: look,
        deleted: lookAtThoseThatGo,
      });
      addresses.addHandler({ added: lookAtThoseThatGo, deleted: lookAtThoseThatGo });
    },
    async sync(key, queue) {
      const range = ranges.get('', key);
      if (range === undefined) return;
      const { deletionTimestamp, finalizers = [] } = range.metadata;
      if (deletionTimestamp === undefined) {
        if (!finalizers.includes(finalizer)) await patch(range, { metadata: { finalizers: [finalizer] } });
        const message = 'Kubernetes Service CIDR is ready';
        await setReady(range, { type: 'Ready', status: 'True', reason: '', message });
        return;
      }
      if (!finalizers.includes(finalizer)) return;
      if (isNeeded(range)) {
        const message =
          'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';
        await setReady(range, { type: 'Ready', status: 'False', reason: 'Terminating', message });
        return;
      }
      const left = Date.parse(deletionTimestamp) + graceMillis - context.clock.now();
      if (left > 0) {
        queue.addAfter(key, left);
        return;
      }
      await patch(range, { metadata: { '$deleteFromPrimitiveList/finalizers': [finalizer] } });
    },
  });
}

function isIn(address: string | undefined, { spec }: ServiceCIDR): boolean {
  const ip = parseIp(address ?? '');
  if (ip === undefined) return false;
  return (spec?.cidrs ?? []).some((cidr) => {
    const block = parseIpBlock(cidr);
    return block !== undefined && blockContains(block, ip);
  });
}
