import { goQuote } from '../../../apimachinery/field-error.ts';

/** A boolean of options in a query: anything but `false` and `0` switches it on, an empty value too. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/** An integer of options in a query. @throws Error with the text of Go's strconv */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?\d+$/.test(value)) {
    throw new Error(`strconv.ParseInt: parsing ${goQuote(value)}: invalid syntax`);
  }
  return Number(value);
}
