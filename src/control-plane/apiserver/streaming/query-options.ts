import { goQuote } from '../../../apimachinery/field-error.ts';
import { isTrue } from '../request-info.ts';

/** A boolean of options in a query: anything but `false` and `0` switches it on, an empty value too. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  return isTrue(query.get(name));
}

/** An integer of options in a query. @throws Error with the text of Go's strconv */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?\d+$/.test(value)) {
    throw new Error(`strconv.ParseInt: parsing ${goQuote(value)}: invalid syntax`);
  }
  const number = BigInt(value);
  if (BigInt.asIntN(64, number) !== number) {
    throw new Error(`strconv.ParseInt: parsing ${goQuote(value)}: value out of range`);
  }
  return Number(number);
}

/** Ports of options in a query, each value one or several with commas between. @throws Error with Go's text */
export function queryPorts(query: URLSearchParams, name: string): readonly number[] {
  return query.getAll(name).flatMap((value) => value.split(',').map(portNumber));
}

function portNumber(text: string): number {
  const wrong = (reason: string): Error =>
    new Error(`cannot convert to []int32: strconv.ParseUint: parsing ${goQuote(text)}: ${reason}`);
  if (!/^\d+$/.test(text)) throw wrong('invalid syntax');
  if (Number(text) > 0xffff) throw wrong('value out of range');
  return Number(text);
}
