import { createInflate, type Inflate } from 'node:zlib';

/** A stream's headers; names in lower case. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/** Words of the SPDY/3 dictionary that stand in it with their length before them. */
const words =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
  'authorization cache-control connection content-base content-encoding content-language content-length ' +
  'content-location content-md5 content-range content-type date etag expect expires from host if-match ' +
  'if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma ' +
  'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade ' +
  'user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie ' +
  'keep-alive origin';

/** What follows them. */
const tail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,' +
  'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

let knownDictionary: Buffer | undefined;

/** The dictionary of SPDY/3's header compression (draft-mbelshe-httpbis-spdy-00, 2.6.10.1). */
function dictionary(): Buffer {
  knownDictionary ??= Buffer.concat([
    ...words.split(' ').map((word) => lengthAndText(word.replace('_', ' '))),
    Buffer.from(tail),
  ]);
  return knownDictionary;
}

function lengthAndText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/** The checksum of the dictionary above (Adler-32), which a zlib stream that uses it names. */
const dictionaryId = Buffer.from([0xe3, 0xc6, 0xa7, 0xc2]);
const maxStoredBytes = 0xffff;
/** An empty stored block: Go's inflate hands out what is before it, and would take a bare end for an error. */
const flushMark = Buffer.from([0, 0, 0, 0xff, 0xff]);

/** Writes the header blocks of one connection: as stored blocks of one zlib stream, since they are small. */
export class SpdyHeaderWriter {
  #begun = false;

  write(headers: SpdyHeaders): Buffer {
    const entries = Object.entries(headers);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(entries.length, 0);
    const block = Buffer.concat([
      count,
      ...entries.flatMap(([name, value]) => [lengthAndText(name.toLowerCase()), lengthAndText(value)]),
    ]);
    const pieces: Buffer[] = this.#begun ? [] : [Buffer.from([0x78, 0xbb]), dictionaryId];
    this.#begun = true;
    for (let at = 0; at < block.length; at += maxStoredBytes) {
      const piece = block.subarray(at, at + maxStoredBytes);
      const head = Buffer.alloc(5);
      head.writeUInt16LE(piece.length, 1);
      head.writeUInt16LE(~piece.length & 0xffff, 3);
      pieces.push(head, piece);
    }
    return Buffer.concat([...pieces, flushMark]);
  }
}

/** Header blocks that unpack to more are refused. */
const maxHeaderBytes = 64 * 1024;

/** Reads the header blocks of one connection, in their order. */
export class SpdyHeaderReader {
  #inflate: Inflate | undefined;

  /** @throws Error for what is no header block */
  async read(block: Uint8Array): Promise<SpdyHeaders> {
    const inflate = (this.#inflate ??= createInflate({ dictionary: dictionary() }));
    const chunks: Buffer[] = [];
    let size = 0;
    await new Promise<void>((resolve, reject) => {
      inflate.once('error', reject);
      const collect = (chunk: Buffer): void => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > maxHeaderBytes) reject(new Error('the headers are too large'));
      };
      inflate.on('data', collect);
      inflate.write(block);
      inflate.flush(() => {
        inflate.removeListener('data', collect);
        inflate.removeListener('error', reject);
        resolve();
      });
    });
    return parseHeaders(Buffer.concat(chunks));
  }

  close(): void {
    this.#inflate?.close();
  }
}

function parseHeaders(bytes: Buffer): SpdyHeaders {
  const headers: Record<string, string> = {};
  let at = 4;
  const text = (): string => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    if (at > bytes.length) throw new Error('a header is cut off');
    return bytes.toString('utf8', at - length, at);
  };
  for (let left = bytes.readUInt32BE(0); left > 0; left--) {
    const name = text();
    // Several values are separated by a zero byte; the first counts.
    headers[name.toLowerCase()] = text().split('\0')[0] ?? '';
  }
  return headers;
}
