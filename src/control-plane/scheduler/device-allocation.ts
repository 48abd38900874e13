import type { Node, NodeSelector, NodeSelectorRequirement } from '../../api/types/core-v1.ts';
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceClass,
  DeviceRequestAllocationResult,
  ExactDeviceRequest,
  ResourceClaim,
} from '../../api/types/resource-v1.ts';
import type { PoolDevice } from './device-pools.ts';

/** A device for a request of a claim. */
export interface Choice {
  /** Which of the claims, by its place. */
  readonly claim: number;
  /** `request`, or `request/alternative`. */
  readonly name: string;
  readonly spec: ExactDeviceRequest;
  readonly device: PoolDevice;
}

/** What a claim's status says of its devices, how they are to be set up, and where they can be used. */
export function allocationResult(
  claim: ResourceClaim,
  choices: readonly Choice[],
  node: Node,
  deviceClass: (name: string) => DeviceClass | undefined,
): AllocationResult {
  const config = configurations(claim, choices, deviceClass);
  const nodeSelector = nodeSelectorOf(
    choices.map(({ device }) => device),
    node,
  );
  return {
    devices: { results: choices.map(resultOf), ...(config.length === 0 ? {} : { config }) },
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
  };
}

function resultOf({ name, spec, device }: Choice): DeviceRequestAllocationResult {
  return {
    request: name,
    driver: device.driver,
    pool: device.pool,
    device: device.device.name,
    ...(spec.adminAccess === undefined ? {} : { adminAccess: spec.adminAccess }),
    ...(spec.tolerations === undefined ? {} : { tolerations: spec.tolerations }),
  };
}

/** First what classes ask for, then what the claim does, of what was chosen. */
function configurations(
  claim: ResourceClaim,
  choices: readonly Choice[],
  deviceClass: (name: string) => DeviceClass | undefined,
): DeviceAllocationConfiguration[] {
  const requests = new Map(choices.map(({ name, spec }) => [name, spec.deviceClassName]));
  const fromClasses = [...requests].flatMap(([name, className]) =>
    (deviceClass(className)?.spec.config ?? []).map((config) => ({ source: 'FromClass', requests: [name], ...config })),
  );
  const isUsed = (name: string): boolean =>
    requests.has(name) || [...requests.keys()].some((chosen) => chosen.startsWith(`${name}/`));
  const fromClaim = (claim.spec.devices?.config ?? [])
    .filter(({ requests: concerned = [] }) => concerned.length === 0 || concerned.some(isUsed))
    .map((config) => ({ source: 'FromClaim', ...config }));
  return [...fromClasses, ...fromClaim];
}

/** Where all of the devices can be used; undefined: everywhere. */
function nodeSelectorOf(devices: readonly PoolDevice[], node: Node): NodeSelector | undefined {
  if (devices.some(({ nodeName }) => nodeName !== undefined)) {
    const onlyHere = { key: 'metadata.name', operator: 'In', values: [node.metadata.name ?? ''] };
    return { nodeSelectorTerms: [{ matchFields: [onlyHere] }] };
  }
  const terms = devices.flatMap(({ nodeSelector }) => nodeSelector?.nodeSelectorTerms.slice(0, 1) ?? []);
  const matchExpressions = distinct(terms.flatMap((term) => term.matchExpressions ?? []));
  const matchFields = distinct(terms.flatMap((term) => term.matchFields ?? []));
  if (matchExpressions.length + matchFields.length === 0) return undefined;
  return {
    nodeSelectorTerms: [
      {
        ...(matchExpressions.length === 0 ? {} : { matchExpressions }),
        ...(matchFields.length === 0 ? {} : { matchFields }),
      },
    ],
  };
}

function distinct(requirements: readonly NodeSelectorRequirement[]): NodeSelectorRequirement[] {
  return [...new Map(requirements.map((requirement) => [JSON.stringify(requirement), requirement])).values()];
}
