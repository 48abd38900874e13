import { goQuote } from '../../../apimachinery/field-error.ts';

/** A text that is no list of indexes; the message is the real one. */
export class IndexRangesError extends Error {}

/**
 * How many indexes a text such as `1,3-5` names; they rise, and stay below `completions` (KEP-3998).
 * @throws IndexRangesError
 */
export function countIndexes(text: string, completions: number): number {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const range of text.split(',')) {
    const [low = '', high, surplus] = range.split('-');
    if (surplus !== undefined) {
      const rule = "an index interval can have at most two parts separated by '-'";
      throw new IndexRangesError(`the fragment ${goQuote(range)} violates the requirement that ${rule}`);
    }
    const first = readIndex(low, completions);
    const last = high === undefined ? first : readIndex(high, completions);
    if (high !== undefined && first >= last) throw notRising(first, last);
    if (previous !== undefined && previous >= first) throw notRising(previous, first);
    total += last - first + 1;
    previous = last;
  }
  return total;
}

function notRising(previous: number, current: number): IndexRangesError {
  return new IndexRangesError(`non-increasing order, previous: ${previous}, current: ${current}`);
}

function readIndex(text: string, completions: number): number {
  if (!/^[-+]?\d+$/.test(text)) {
    throw new IndexRangesError(`cannot convert string to integer for index: ${goQuote(text)}`);
  }
  if (Number(text) >= completions) throw new IndexRangesError(`too large index: ${goQuote(text)}`);
  return Number(text);
}
