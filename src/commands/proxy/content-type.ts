const types: Readonly<Record<string, string>> = {
  '.avif': 'image/avif',
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.htm': 'text/html; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/vnd.microsoft.icon',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.xml': 'text/xml; charset=utf-8',
};

/** What files begin with, in characters of one byte each. */
const beginnings: readonly (readonly [beginning: string, type: string])[] = [
  ['%PDF-', 'application/pdf'],
  ['%!PS-Adobe-', 'application/postscript'],
  ['\xfe\xff', 'text/plain; charset=utf-16be'],
  ['\xff\xfe', 'text/plain; charset=utf-16le'],
  ['\xef\xbb\xbf', 'text/plain; charset=utf-8'],
  ['\0\0\x01\0', 'image/x-icon'],
  ['BM', 'image/bmp'],
  ['GIF87a', 'image/gif'],
  ['GIF89a', 'image/gif'],
  ['\x89PNG\r\n\x1a\n', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['ID3', 'audio/mpeg'],
  ['OggS\0', 'application/ogg'],
  ['\x1a\x45\xdf\xa3', 'video/webm'],
  ['\x1f\x8b\x08', 'application/x-gzip'],
  ['PK\x03\x04', 'application/zip'],
  ['\0asm', 'application/wasm'],
  ['wOFF', 'font/woff'],
  ['wOF2', 'font/woff2'],
];

const pageTags = '!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P'.replaceAll(
  ' ',
  '\\x20',
);
const page = new RegExp(`^[\\t\\n\\f\\r ]*<(?:(?:${pageTags})[ >]|!--)`, 'i');
// What no text has, as https://mimesniff.spec.whatwg.org tells binary data from it.
// eslint-disable-next-line no-control-regex
const binary = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const looked = 512;

/** The type of a file by its name, else by what it begins with, as Go's net/http tells it. */
export function contentTypeOf(path: string, content: Uint8Array): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const known = name.includes('.') ? types[name.slice(name.lastIndexOf('.')).toLowerCase()] : undefined;
  if (known !== undefined) return known;
  const head = Buffer.from(content.subarray(0, looked)).toString('latin1');
  if (page.test(head)) return 'text/html; charset=utf-8';
  if (/^[\t\n\f\r ]*<\?xml/.test(head)) return 'text/xml; charset=utf-8';
  const begun = beginnings.find(([beginning]) => head.startsWith(beginning));
  if (begun !== undefined) return begun[1];
  if (/^RIFF[^]{4}WEBPVP/.test(head)) return 'image/webp';
  if (/^RIFF[^]{4}WAVE/.test(head)) return 'audio/wave';
  return binary.test(head) ? 'application/octet-stream' : 'text/plain; charset=utf-8';
}
