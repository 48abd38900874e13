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

/** The first index that stands in both lists, whose ranges rise; what cannot be read is passed over. */
export function firstOverlap(left: string, right: string, completions: number): number | undefined {
  if (left === '' || right === '') return undefined;
  const [lefts, rights] = [left, right].map((text) =>
    text.split(',').flatMap((range) => readRange(range, completions)),
  );
  for (const [first, last] of lefts ?? []) {
    const met = (rights ?? []).find(([start, end]) => first <= end && start <= last);
    if (met !== undefined) return Math.max(first, met[0]);
  }
  return undefined;
}

function readRange(text: string, completions: number): (readonly [number, number])[] {
  try {
    countIndexes(text, completions);
  } catch (error) {
    if (error instanceof IndexRangesError) return [];
    throw error;
  }
  const [first = 0, last = first] = text.split('-').map(Number);
  return [[first, last]];
}
