import { attributeOf } from '../../api/resource/v1/device-selection.ts';
import type { DeviceConstraint } from '../../api/types/resource-v1.ts';
import type { PoolDevice } from './device-pools.ts';

/** What devices of one claim must have in common, or not, while they are chosen one after the other. */
export interface ChosenConstraint {
  /** @returns false when the device does not go with those before it; then nothing has changed */
  add(request: string, device: PoolDevice): boolean;
  /** Takes the last one back that was added. */
  remove(request: string, device: PoolDevice): void;
}

/** @returns undefined for a constraint of a kind that is not known */
export function createConstraint({
  matchAttribute,
  distinctAttribute,
  requests = [],
}: DeviceConstraint): ChosenConstraint | undefined {
  const attribute = matchAttribute ?? distinctAttribute;
  if (attribute === undefined) return undefined;
  const mustMatch = matchAttribute !== undefined;
  const values: string[] = [];
  const concerns = (request: string): boolean =>
    requests.length === 0 || requests.includes(request) || requests.includes(request.split('/')[0] ?? '');
  return {
    add(request, { device, driver }) {
      if (!concerns(request)) return true;
      const value = attributeOf(device, driver, attribute);
      if (value === undefined) return false;
      const text = JSON.stringify(value);
      const fits = mustMatch ? values.length === 0 || values[0] === text : !values.includes(text);
      if (fits) values.push(text);
      return fits;
    },
    remove(request) {
      if (concerns(request)) values.pop();
    },
  };
}
