import type { KubeObject } from '../../../apimachinery/object-meta.ts';
import type { QuotaEvaluator } from './quota-evaluation.ts';
import { countQuantity } from './resource-list.ts';

const claimCount = 'count/resourceclaims.resource.k8s.io';
const perClass = '.deviceclass.resource.k8s.io/devices';
/** As many devices one claim may get, however it asks. */
const mostDevices = 32;

interface DeviceRequest {
  readonly deviceClassName?: string;
  readonly allocationMode?: string;
  readonly count?: number;
}

interface Claim extends KubeObject {
  readonly spec?: {
    readonly devices?: {
      readonly requests?: readonly (DeviceRequest & {
        readonly exactly?: DeviceRequest;
        readonly firstAvailable?: readonly DeviceRequest[];
      })[];
    };
  };
}

/** How claims of devices count: each, and the devices of each class, of alternatives the most (KEP-4381). */
export const resourceClaimEvaluator: QuotaEvaluator = {
  matchingResources: (names) => names.filter((name) => name === claimCount || name.endsWith(perClass)),
  matchesScope: () => false,
  missing: () => '',
  usage(object) {
    const devices = new Map<string, number>();
    for (const request of (object as Claim).spec?.devices?.requests ?? []) {
      const most = new Map<string, number>();
      for (const wanted of request.firstAvailable ?? [request.exactly ?? request]) {
        const name = wanted.deviceClassName ?? '';
        most.set(name, Math.max(most.get(name) ?? 0, devicesOf(wanted)));
      }
      for (const [name, count] of most) devices.set(name, (devices.get(name) ?? 0) + count);
    }
    const counted = [...devices].map(([name, count]) => [`${name}${perClass}`, countQuantity(count)] as const);
    return new Map([[claimCount, countQuantity(1)], ...counted]);
  },
};

/** Of all that there are, as many as there may be; of a mode that is not known, none. */
function devicesOf({ allocationMode = 'ExactCount', count = 1 }: DeviceRequest): number {
  if (allocationMode === 'All') return mostDevices;
  return allocationMode === 'ExactCount' ? count : 0;
}
