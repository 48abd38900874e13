import { promisify } from 'node:util';
import { deflateRaw, gunzip, gzip, inflateRaw } from 'node:zlib';
import { header, type HttpResponse, readBody } from '../../../apimachinery/http.ts';
import { StatusError } from '../../../apimachinery/status.ts';
import { rewriteTags } from './html-tags.ts';
import { cleanPath } from './proxied-path.ts';

/** How a proxied server is reached from outside, and how it calls itself. */
export interface ProxiedServer {
  /** Path under which it is reached. */
  readonly prefix: string;
  readonly host: string;
  /** How its client calls the server that is asked. */
  readonly clientHost: string;
}

/** The attributes of elements that are links. */
const links: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

interface Packing {
  readonly unpack: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly pack: (bytes: Uint8Array) => Promise<Uint8Array>;
  /** What is wrong with bytes that cannot be unpacked, as Go says it. */
  readonly problem: (bytes: Uint8Array) => string;
}

/** No page is larger than this, however small it came. */
const unpacking = { maxOutputLength: 256 * 1024 * 1024 };
const packings: Readonly<Record<string, Packing>> = {
  '': { unpack: (bytes) => Promise.resolve(bytes), pack: (bytes) => Promise.resolve(bytes), problem: () => '' },
  gzip: {
    unpack: (bytes) => promisify<Uint8Array, object, Uint8Array>(gunzip)(bytes, unpacking),
    pack: (bytes) => promisify<Uint8Array, Uint8Array>(gzip)(bytes),
    problem: (bytes) => `errorf making gzip reader: ${gzipProblem(bytes)}`,
  },
  deflate: {
    unpack: (bytes) => promisify<Uint8Array, object, Uint8Array>(inflateRaw)(bytes, unpacking),
    pack: (bytes) => promisify<Uint8Array, Uint8Array>(deflateRaw)(bytes),
    problem: () => 'flate: corrupt input',
  },
};

/** What is wrong with bytes that are no gzip. */
export function gzipProblem(bytes: Uint8Array): string {
  const isHeader = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
  if (bytes.byteLength >= 10 && !isHeader) return 'gzip: invalid header';
  return 'unexpected EOF';
}

/**
 * Turns redirections, and the links of an HTML page, that stay on the server so that they lead through the proxy.
 * @throws StatusError 500 for a page that is packed otherwise than it says
 */
export async function rewriteLinks(answer: HttpResponse, server: ProxiedServer): Promise<HttpResponse> {
  const { headers } = answer;
  const location = header(headers, 'location') ?? '';
  if (location !== '') return { ...answer, headers: { ...headers, location: rewriteLink(location, server) } };
  const type = (header(headers, 'content-type') ?? '').split(';')[0]?.trim() ?? '';
  const packing = packings[header(headers, 'content-encoding') ?? ''];
  if (type !== 'text/html' || packing === undefined) return answer;
  const packed = await readBody(answer.body);
  let page: Uint8Array;
  try {
    page = await packing.unpack(packed);
  } catch {
    throw new StatusError({ message: packing.problem(packed), code: 500 });
  }
  const turned = rewriteTags(Buffer.from(page).toString('latin1'), (element, { name, value }) =>
    links[element]?.includes(name) === true ? rewriteLink(value, server) : value,
  );
  const body = await packing.pack(Buffer.from(turned, 'latin1'));
  return { ...answer, headers: { ...headers, 'content-length': undefined }, body };
}

/** A link as far as it matters here: whose it is, the path, and what stands behind it. */
const linkParts = /^([a-z][a-z\d+.-]*:)?(?:\/\/([^/?#]*))?(\/[^?#]*)([^]*)$/i;

function rewriteLink(link: string, { prefix, host, clientHost }: ProxiedServer): string {
  const [, scheme = '', named = '', path = '', rest = ''] = linkParts.exec(link) ?? [];
  const own = named.slice(named.lastIndexOf('@') + 1);
  const isElsewhere = own !== '' && own !== host && own !== clientHost;
  if (isElsewhere || path === '' || /%(?![\da-f]{2})/i.test(path)) return link;
  // A server that calls itself as its client calls this one keeps that name.
  const before = own !== '' && own === clientHost ? `${scheme}//${named}` : '';
  return before + (path.startsWith(prefix) ? path : cleanPath(`${prefix}${path}`)) + rest;
}
