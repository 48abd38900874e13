/** A block of PEM (RFC 7468), as Go's encoding/pem finds it in a text. */
export interface PemBlock {
  /** `CERTIFICATE`. */
  readonly type: string;
  readonly hasHeaders: boolean;
  /** The block as it stands there, from its first mark to its last. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

const blockPattern = /(?<=^|\n)-----BEGIN ([^\n]*?)-----[ \t\r]*\n([^]*?)-----END \1-----[ \t\r]*(?=\n|$)/g;

/** The blocks of a text; what stands between them, and what is no base64, is passed over. */
export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(blockPattern)].flatMap(([block, type = '', inner = '']) => {
    const lines = inner.split('\n');
    const firstPlain = lines.findIndex((line) => !line.includes(':'));
    const content = lines
      .slice(firstPlain === -1 ? lines.length : firstPlain)
      .join('')
      .replaceAll(/\s/g, '');
    if (content.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(content)) return [];
    return [{ type, hasHeaders: firstPlain !== 0, text: block, bytes: Buffer.from(content, 'base64') }];
  });
}
