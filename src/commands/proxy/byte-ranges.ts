/** A part of a body, by the offsets of its first byte and of the one after its last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The parts that a Range header asks for (RFC 9110, 14.2); undefined for none, `wrong` where it cannot be answered.
 * @param size of the whole, in bytes
 */
export function byteRanges(header: string | undefined, size: number): readonly ByteRange[] | 'wrong' | undefined {
  if (header === undefined || header === '') return undefined;
  if (!header.startsWith('bytes=')) return 'wrong';
  const ranges: ByteRange[] = [];
  let isBeyond = false;
  for (const part of header.slice('bytes='.length).split(',')) {
    const text = part.trim();
    if (text === '') continue;
    const [, first = '', last = ''] = /^(\d*)\s*-\s*(\d*)$/.exec(text) ?? [];
    if (first === '' && last === '') return 'wrong';
    if (first === '') {
      ranges.push({ start: Math.max(0, size - Number(last)), end: size });
      continue;
    }
    const start = Number(first);
    if (start >= size) {
      isBeyond = true;
      continue;
    }
    if (last !== '' && Number(last) < start) return 'wrong';
    ranges.push({ start, end: last === '' ? size : Math.min(size, Number(last) + 1) });
  }
  if (ranges.length === 0 && isBeyond) return 'wrong';
  const total = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  // More than there is: the whole instead.
  return ranges.length === 0 || total > size ? undefined : ranges;
}
