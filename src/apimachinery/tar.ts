/** What an archive holds of one file (POSIX ustar; long names as pax or GNU tar write them). */
export interface TarEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link' | 'hardLink' | 'other';
  /** Bytes of content; 0 for all but files. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedMillis: number;
  /** For links: where they lead. */
  readonly linkTarget: string;
}

/** An entry that is being read; the content must be read (or left) before the next entry is asked for. */
export interface ReadTarEntry extends TarEntry {
  readonly content: AsyncIterable<Uint8Array>;
}

/** An archive that cannot be read. */
export class TarError extends Error {}

const blockBytes = 512;
/** What ends an archive. */
export const tarEnd: Uint8Array = Buffer.alloc(2 * blockBytes);

const typeFlags = { file: '0', hardLink: '1', link: '2', folder: '5', other: '7' } as const;

/** How many zero bytes follow content of this size. */
export function tarPadding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** The header of an entry, in several blocks where its names are long. */
export function tarHeader(entry: TarEntry): Uint8Array {
  const isLong = Buffer.byteLength(entry.name) > 100 || Buffer.byteLength(entry.linkTarget) > 100;
  if (!isLong && entry.size < 8 ** 11) return headerBlock(entry, typeFlags[entry.type]);
  const records = Buffer.from(
    [
      ['path', entry.name],
      ['linkpath', entry.linkTarget],
      ['size', String(entry.size)],
    ]
      .filter(([, value]) => value !== '')
      .map(([key, value]) => paxRecord(`${key}=${value}\n`))
      .join(''),
  );
  const extended = { ...entry, name: 'PaxHeader', linkTarget: '', size: records.length };
  return Buffer.concat([
    headerBlock(extended, 'x'),
    records,
    Buffer.alloc(tarPadding(records.length)),
    headerBlock({ ...entry, size: entry.size < 8 ** 11 ? entry.size : 0 }, typeFlags[entry.type]),
  ]);
}

/** The record with its length before it, which counts itself. */
function paxRecord(text: string): string {
  const bare = Buffer.byteLength(text) + 1;
  let length = bare + String(bare).length;
  if (String(length).length > String(bare).length) length = bare + String(length).length;
  return `${length} ${text}`;
}

function headerBlock(entry: TarEntry, flag: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(entry.name, 0, 100);
  octal(block, 100, 8, entry.mode & 0o7777);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, entry.size);
  octal(block, 136, 12, Math.max(0, Math.floor(entry.modifiedMillis / 1000)));
  block.write('        ', 148);
  block.write(flag, 156);
  block.write(entry.linkTarget, 157, 100);
  block.write('ustar\u000000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
}

/** Reads an archive as it comes. @throws TarError when it is none, or breaks off */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadTarEntry> {
  const source = new ByteSource(chunks);
  let extra: { path?: string; linkpath?: string; size?: string } = {};
  for (;;) {
    const block = await source.take(blockBytes);
    if (block === undefined || block.every((byte) => byte === 0)) return;
    const header = parseHeader(block);
    if (header.flag === 'x' || header.flag === 'g' || header.flag === 'L' || header.flag === 'K') {
      const body = await source.need(header.size);
      await source.need(tarPadding(header.size));
      if (header.flag === 'L') extra.path = text(body, 0, body.length);
      else if (header.flag === 'K') extra.linkpath = text(body, 0, body.length);
      else if (header.flag === 'x') extra = { ...extra, ...parsePax(body) };
      continue;
    }
    const size = extra.size === undefined ? header.size : Number(extra.size);
    const content = new EntryContent(source, size);
    yield {
      name: extra.path ?? header.name,
      type: header.type,
      size,
      mode: header.mode,
      modifiedMillis: header.modifiedMillis,
      linkTarget: extra.linkpath ?? header.linkTarget,
      content,
    };
    extra = {};
    await content.skip();
    await source.need(tarPadding(size));
  }
}

function parseHeader(block: Buffer): TarEntry & { readonly flag: string } {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== readOctal(block, 148, 8)) throw new TarError('archive/tar: invalid tar header');
  const flag = text(block, 156, 1) === '' ? '0' : text(block, 156, 1);
  const prefix = text(block, 257, 5) === 'ustar' && text(block, 257, 8) !== 'ustar  ' ? text(block, 345, 155) : '';
  const base = text(block, 0, 100);
  const name = prefix === '' ? base : `${prefix}/${base}`;
  const type = (Object.entries(typeFlags).find(([, known]) => known === flag)?.[0] ?? 'other') as TarEntry['type'];
  const isOldFolder = type === 'file' && name.endsWith('/');
  return {
    name,
    flag,
    type: isOldFolder ? 'folder' : type,
    size: type === 'folder' || type === 'link' || type === 'hardLink' ? 0 : readOctal(block, 124, 12),
    mode: readOctal(block, 100, 8) & 0o7777,
    modifiedMillis: readOctal(block, 136, 12) * 1000,
    linkTarget: text(block, 157, 100),
  };
}

function text(bytes: Buffer, at: number, length: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end);
}

/** Octal digits, or (with the first bit set) a binary number, as GNU tar writes large ones. */
function readOctal(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) {
    return block.subarray(at + 1, at + length).reduce((value, byte) => value * 256 + byte, (block[at] ?? 0) & 0x7f);
  }
  const digits = text(block, at, length).trim();
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function parsePax(body: Buffer): { path?: string; linkpath?: string; size?: string } {
  const found: Record<string, string> = {};
  for (let at = 0; at < body.length;) {
    const length = Number.parseInt(body.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) break;
    const record = body.toString('utf8', at, at + length - 1).replace(/^\d+ /, '');
    const equals = record.indexOf('=');
    found[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  const { path, linkpath, size } = found;
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
    ...(size === undefined ? {} : { size }),
  };
}

/** The bytes of a stream, some at a time. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** As many as are there, at most `limit`; undefined at the end. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Exactly this many; undefined when the stream has ended before the first. @throws TarError */
  async take(length: number): Promise<Buffer | undefined> {
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const piece = await this.some(missing);
      if (piece === undefined) {
        if (pieces.length === 0) return undefined;
        throw new TarError('unexpected EOF');
      }
      pieces.push(piece);
      missing -= piece.length;
    }
    return Buffer.concat(pieces);
  }

  /** Exactly this many. @throws TarError */
  async need(length: number): Promise<Buffer> {
    const bytes = await this.take(length);
    if (bytes === undefined && length > 0) throw new TarError('unexpected EOF');
    return bytes ?? Buffer.alloc(0);
  }
}

class EntryContent implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  #left: number;

  constructor(source: ByteSource, size: number) {
    this.#source = source;
    this.#left = size;
  }

  async skip(): Promise<void> {
    while (this.#left > 0) await this.#next();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) yield await this.#next();
  }

  async #next(): Promise<Uint8Array> {
    const piece = await this.#source.some(this.#left);
    if (piece === undefined) throw new TarError('unexpected EOF');
    this.#left -= piece.length;
    return piece;
  }
}
