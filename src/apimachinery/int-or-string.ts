/** Text that is no percentage. */
export class PercentError extends Error {}

/**
 * An amount that is a number or a percentage of `total` (intstr.GetScaledValueFromIntOrPercent).
 * @throws PercentError for text that does not end in `%`.
 */
export function scaledValue(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const match = /^(-?\d+)%$/.exec(value);
  if (match === null) throw new PercentError(`invalid value for IntOrString: invalid type: string is not a percentage`);
  const exact = (Number(match[1]) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}
