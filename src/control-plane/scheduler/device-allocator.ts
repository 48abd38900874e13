import { selectsDevice } from '../../api/resource/v1/device-selection.ts';
import type { Node } from '../../api/types/core-v1.ts';
import type {
  AllocationResult,
  DeviceClass,
  DeviceSelector,
  DeviceTaint,
  DeviceToleration,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from '../../api/types/resource-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { parseQuantity, type Quantity } from '../../apimachinery/quantity.ts';
import { allocationResult, type Choice } from './device-allocation.ts';
import { type ChosenConstraint, createConstraint } from './device-constraints.ts';
import { type DevicePool, type PoolDevice, poolsOf } from './device-pools.ts';

/** As many devices may one claim have. */
const mostResults = 32;
/** As many devices are tried for the claims of one pod on one node before it is given up. */
const mostTries = 100_000;

/** A claim or class is wrong, so that no node is worth a look. */
export class DeviceAllocationError extends Error {}

/** What devices are chosen from, and for whom. */
export interface AllocationInput {
  readonly node: Node;
  readonly claims: readonly ResourceClaim[];
  readonly deviceClass: (name: string) => DeviceClass | undefined;
  readonly slices: readonly ResourceSlice[];
  /** Ids of devices that others have. */
  readonly taken: ReadonlySet<string>;
}

/**
 * Chooses devices for all requests of all claims, the first that go together (KEP-4381): by class, expression, taint,
 * capacity, shared counters and constraints. Devices that several may have at once, or that must be bound to a node
 * first, are given to nobody.
 * @returns what each claim gets; undefined when there is not enough for all
 * @throws DeviceAllocationError
 */
export function allocateDevices(input: AllocationInput): AllocationResult[] | undefined {
  return new Search(input).run();
}

/** One way to satisfy a request. */
interface Alternative {
  /** `request`, or `request/alternative`. */
  readonly name: string;
  readonly spec: ExactDeviceRequest;
}

interface Request {
  readonly claim: number;
  readonly alternatives: readonly Alternative[];
}

class Search {
  readonly #input: AllocationInput;
  readonly #pools: readonly DevicePool[];
  readonly #requests: readonly Request[];
  readonly #constraints: readonly (readonly ChosenConstraint[])[];
  readonly #chosen: Choice[] = [];
  readonly #used = new Set<string>();
  readonly #selected = new Map<string, boolean>();
  #tries = 0;

  constructor(input: AllocationInput) {
    this.#input = input;
    this.#pools = poolsOf(input.node, input.slices);
    this.#requests = input.claims.flatMap(({ spec }, claim) =>
      (spec.devices?.requests ?? []).map(({ name, exactly, firstAvailable = [] }) => ({
        claim,
        alternatives:
          exactly === undefined
            ? firstAvailable.map((spec) => ({ name: `${name}/${spec.name}`, spec }))
            : [{ name, spec: exactly }],
      })),
    );
    this.#constraints = input.claims.map((claim) =>
      (claim.spec.devices?.constraints ?? []).map((constraint, index) => {
        const made = createConstraint(constraint);
        if (made !== undefined) return made;
        throw new DeviceAllocationError(
          `claim ${nameOf(claim)}, constraint #${index}: empty constraint (unsupported constraint type?)`,
        );
      }),
    );
  }

  run(): AllocationResult[] | undefined {
    if (!this.#satisfy(0)) return undefined;
    const { node, claims, deviceClass } = this.#input;
    return claims.map((claim, index) =>
      allocationResult(
        claim,
        this.#chosen.filter((choice) => choice.claim === index),
        node,
        deviceClass,
      ),
    );
  }

  #satisfy(index: number): boolean {
    const request = this.#requests[index];
    if (request === undefined) return true;
    return request.alternatives.some((alternative) => this.#try(index, request, alternative));
  }

  #try(index: number, { claim }: Request, alternative: Alternative): boolean {
    const { allocationMode = 'ExactCount', count = 1 } = alternative.spec;
    const fitting = this.#fitting(claim, alternative, allocationMode === 'All');
    if (allocationMode !== 'All') return this.#choose(index, claim, alternative, fitting, 0, count);
    return fitting.length > 0 && this.#choose(index, claim, alternative, fitting, 0, fitting.length);
  }

  /** Those that the class and the request select; with `All`, of pools that are whole. */
  #fitting(claim: number, alternative: Alternative, isAll: boolean): PoolDevice[] {
    const where = `claim ${nameOf(this.#input.claims[claim])}, request ${alternative.name}`;
    return this.#pools.flatMap(({ id, isIncomplete, devices }) => {
      if (isIncomplete && isAll) {
        throw new DeviceAllocationError(
          `${where}: asks for all devices, but resource pool ${id} is currently being updated`,
        );
      }
      return isIncomplete ? [] : devices.filter((device) => this.#isSelected(claim, alternative, device));
    });
  }

  #isSelected(claim: number, { name, spec }: Alternative, device: PoolDevice): boolean {
    const key = `${claim}/${name}/${device.id}`;
    const known = this.#selected.get(key);
    if (known !== undefined) return known;
    const deviceClass = this.#input.deviceClass(spec.deviceClassName);
    const whose = nameOf(this.#input.claims[claim]);
    if (deviceClass === undefined) {
      const missing = `deviceclass.resource.k8s.io "${spec.deviceClassName}" not found`;
      const text = `could not retrieve device class ${spec.deviceClassName}: ${missing}`;
      throw new DeviceAllocationError(`claim ${whose}, request ${name}: ${text}`);
    }
    const answer =
      matches(deviceClass.spec.selectors, device, `class ${spec.deviceClassName}`) &&
      matches(spec.selectors, device, `claim ${whose}`) &&
      hasCapacity(spec, device);
    this.#selected.set(key, answer);
    return answer;
  }

  /** Chooses `count` devices from `start` on, then for the requests behind. */
  #choose(
    index: number,
    claim: number,
    alternative: Alternative,
    devices: readonly PoolDevice[],
    start: number,
    count: number,
  ): boolean {
    if (count === 0) return this.#satisfy(index + 1);
    if (this.#chosen.filter((choice) => choice.claim === claim).length >= mostResults) return false;
    for (let at = start; at + count <= devices.length; at++) {
      const device = devices[at];
      if (device === undefined) break;
      if (++this.#tries > mostTries) return false;
      if (!this.#take(claim, alternative, device)) {
        // All of them means this one, too.
        if (alternative.spec.allocationMode === 'All') return false;
        continue;
      }
      if (this.#choose(index, claim, alternative, devices, at + 1, count - 1)) return true;
      this.#giveBack(claim, alternative, device);
    }
    return false;
  }

  #take(claim: number, { name, spec }: Alternative, device: PoolDevice): boolean {
    const { id } = device;
    const isAdmin = spec.adminAccess === true;
    if (!isAdmin && (this.#input.taken.has(id) || this.#used.has(id) || !this.#hasCounters(device))) return false;
    if (device.device.allowMultipleAllocations === true || (device.device.bindingConditions ?? []).length > 0)
      return false;
    if (!(device.device.taints ?? []).every((taint) => isTolerated(spec.tolerations, taint))) return false;
    const added: ChosenConstraint[] = [];
    for (const constraint of this.#constraints[claim] ?? []) {
      if (constraint.add(name, device)) {
        added.push(constraint);
        continue;
      }
      for (const earlier of added) earlier.remove(name, device);
      return false;
    }
    if (!isAdmin) this.#used.add(id);
    this.#chosen.push({ claim, name, spec, device });
    return true;
  }

  #giveBack(claim: number, { name, spec }: Alternative, device: PoolDevice): void {
    this.#chosen.pop();
    if (spec.adminAccess !== true) this.#used.delete(device.id);
    for (const constraint of this.#constraints[claim] ?? []) constraint.remove(name, device);
  }

  /** Whether what the devices of the pool share is enough for one more. */
  #hasCounters({ id, driver, pool, device }: PoolDevice): boolean {
    const consumed = device.consumesCounters ?? [];
    if (consumed.length === 0) return true;
    const found = this.#pools.find((one) => one.id === `${driver}/${pool}`);
    const prefix = id.slice(0, id.length - device.name.length);
    const isInUse = (name: string): boolean =>
      this.#input.taken.has(`${prefix}${name}`) || this.#used.has(`${prefix}${name}`);
    const users = [device, ...(found?.all ?? []).filter(({ name }) => isInUse(name))];
    return consumed.every(({ counterSet, counters }) =>
      Object.keys(counters).every((counter) => {
        const available = found?.counters.get(counterSet)?.get(counter);
        const amounts = users.flatMap(({ consumesCounters = [] }) =>
          consumesCounters.flatMap((use) => (use.counterSet === counterSet ? (use.counters[counter] ?? []) : [])),
        );
        return available !== undefined && sum(amounts.map(({ value }) => parseQuantity(value))).compare(available) <= 0;
      }),
    );
  }
}

function nameOf(claim: ResourceClaim | undefined): string {
  return `${claim?.metadata.namespace ?? ''}/${claim?.metadata.name ?? ''}`;
}

function sum(quantities: readonly Quantity[]): Quantity {
  return quantities.reduce((total, one) => total.add(one), parseQuantity('0'));
}

function matches(selectors: readonly DeviceSelector[] | undefined, device: PoolDevice, where: string): boolean {
  return (selectors ?? []).every(({ cel }, index) => {
    try {
      return selectsDevice(cel?.expression ?? '', device.driver, device.device);
    } catch (error) {
      const text = `selector #${index}: CEL runtime error: ${messageOf(error)}`;
      throw new DeviceAllocationError(`${where}: ${text}`, { cause: error });
    }
  });
}

function hasCapacity({ capacity }: ExactDeviceRequest, { device }: PoolDevice): boolean {
  return Object.entries(capacity?.requests ?? {}).every(([name, wanted]) => {
    const there = device.capacity?.[name]?.value;
    return there !== undefined && parseQuantity(there).compare(parseQuantity(wanted)) >= 0;
  });
}

function isTolerated(tolerations: readonly DeviceToleration[] | undefined, taint: DeviceTaint): boolean {
  if (taint.effect !== 'NoSchedule' && taint.effect !== 'NoExecute') return true;
  return (tolerations ?? []).some(({ effect = '', key = '', operator = 'Equal', value = '' }) => {
    if ((effect !== '' && effect !== taint.effect) || (key !== '' && key !== taint.key)) return false;
    return operator === 'Exists' || value === (taint.value ?? '');
  });
}
