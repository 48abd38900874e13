/** How many bytes of a buffer that was made here belong to contents. */
const filled = new WeakMap<ArrayBufferLike, number>();

/**
 * Bytes with more after them, as a view of the same buffer where it has room, so that a file that grows piece by piece
 * is not copied for each. What was given stays as it is; it may be given again, for another end.
 */
export function grownBytes(content: Uint8Array, more: Uint8Array): Uint8Array {
  const { buffer, byteOffset, byteLength } = content;
  const end = byteOffset + byteLength;
  const length = byteLength + more.byteLength;
  if (filled.get(buffer) === end && byteOffset + length <= buffer.byteLength) {
    const grown = new Uint8Array(buffer, byteOffset, length);
    grown.set(more, byteLength);
    filled.set(buffer, byteOffset + length);
    return grown;
  }
  const roomy = new Uint8Array(length * 2);
  roomy.set(content);
  roomy.set(more, byteLength);
  filled.set(roomy.buffer, length);
  return roomy.subarray(0, length);
}
