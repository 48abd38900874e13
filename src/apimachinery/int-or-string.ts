import { goQuote } from './field-error.ts';

/** Text that is no percentage. */
export class PercentError extends Error {}

/**
 * An amount that is a number or a percentage of `total` (intstr.GetScaledValueFromIntOrPercent).
 * @throws PercentError for text that is no whole number before `%`, with the real text.
 */
export function scaledValue(value: number | string, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  if (!value.endsWith('%')) {
    throw new PercentError('invalid value for IntOrString: invalid type: string is not a percentage');
  }
  const digits = value.slice(0, -1);
  if (!/^[-+]?\d+$/.test(digits)) {
    const reason = `strconv.Atoi: parsing ${goQuote(digits)}: invalid syntax`;
    throw new PercentError(`invalid value for IntOrString: invalid value ${goQuote(value)}: ${reason}`);
  }
  const exact = (Number(digits) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

/** Reads a flag's text: a number where it is one of 32 bits, else the text (intstr.Parse). */
export function parseIntOrString(text: string): number | string {
  if (!/^[-+]?\d+$/.test(text)) return text;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? (Object.is(value, -0) ? 0 : value) : text;
}

/** The number of an int-or-string, text read as a decimal number and 0 where it is none (IntOrString.IntValue). */
export function intValue(value: number | string): number {
  if (typeof value === 'number') return value;
  return /^[-+]?\d+$/.test(value) ? Number(value) : 0;
}
