/**
 * Where Go's decoder finds that a text is no base64 with padding (RFC 4648, 4); line ends may stand anywhere in it.
 * @returns the byte, counted from 0; undefined for base64
 */
export function wrongBase64Byte(text: string): number | undefined {
  // Most texts have nothing but padding behind this, however long they are.
  const first = text.search(/[^A-Za-z0-9+/]/);
  const plain = first < 0 ? text.length : first;
  // Counted are bytes, as the text stands in UTF-8.
  const wrong = wrongByteBehind(plain % 4, Buffer.from(text.slice(plain)).toString('latin1'));
  return wrong === undefined ? undefined : plain + wrong;
}

/** @param filled how many characters of a group of four stand before the text */
function wrongByteBehind(filled: number, shown: string): number | undefined {
  for (let at = 0; at < shown.length; at++) {
    const char = shown[at] ?? '';
    if (char === '\r' || char === '\n') continue;
    if (/[A-Za-z0-9+/]/.test(char)) {
      filled = (filled + 1) % 4;
      continue;
    }
    if (char !== '=' || filled < 2) return at;
    const rest = /^[\r\n]*/.exec(shown.slice(at + 1))?.[0].length ?? 0;
    let after = at + 1;
    if (filled === 2) {
      after += rest;
      if (after === shown.length) return after;
      if (shown[after] !== '=') return after - 1;
      after++;
    }
    while (/[\r\n]/.test(shown[after] ?? '')) after++;
    return after < shown.length ? after : undefined;
  }
  return filled === 0 ? undefined : shown.length - filled;
}

/**
 * Reads base64 of the alphabet for URLs without padding (RFC 4648, 5) as Go's decoder does: line ends may stand anywhere.
 * @throws Error that tells the byte, counted from 0, which does not fit
 */
export function decodeRawBase64Url(text: string): Buffer {
  const clean = text.replace(/[\r\n]/g, '');
  const wrong = text.search(/[^\w\r\n-]/);
  const wrongAt = wrong < 0 && clean.length % 4 === 1 ? text.length - 1 : wrong;
  if (wrongAt >= 0) throw new Error(`illegal base64 data at input byte ${wrongAt}`);
  return Buffer.from(clean, 'base64url');
}
