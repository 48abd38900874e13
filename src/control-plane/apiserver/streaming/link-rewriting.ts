import { header, type HttpResponse, readBody } from '../../../apimachinery/http.ts';

/** How a proxied server is reached from outside, and how it calls itself. */
export interface ProxiedServer {
  /** Path under which it is reached. */
  readonly prefix: string;
  readonly scheme: string;
  readonly host: string;
  /** How its client calls the server that is asked. */
  readonly clientHost: string;
  /** What was asked of it. */
  readonly path: string;
}

const linkTags =
  /<(?:a|applet|area|audio|base|blockquote|body|button|command|del|embed|form|frame|head|html|iframe|img|input|ins|link|object|q|script|source|video)\s[^>]*>/gi;

/** Attributes whose value is a link, in quotes or without. */
const linkAttributes =
  /(\s(?:action|archive|background|cite|classid|codebase|data|formaction|href|icon|longdesc|manifest|poster|profile|src|usemap)\s*=\s*)(?:(["'])([^"']*)\2|([^\s"'>]+))/gi;

/** Turns redirections, and the links of an HTML page, that stay on the server so that they lead through the proxy. */
export async function rewriteLinks(answer: HttpResponse, server: ProxiedServer): Promise<HttpResponse> {
  const location = header(answer.headers, 'location');
  const headers =
    location === undefined ? answer.headers : { ...answer.headers, location: rewriteLink(location, server) };
  const type = (header(headers, 'content-type') ?? '').split(';')[0]?.trim() ?? '';
  const isPlain = (header(headers, 'content-encoding') ?? '') === '';
  if (type !== 'text/html' || !isPlain) return { ...answer, headers };
  const page = Buffer.from(await readBody(answer.body)).toString('latin1');
  const turned = page.replace(linkTags, (tag) =>
    tag.replace(
      linkAttributes,
      (_attribute, start: string, quote = '"', quoted = '', bare = '') =>
        `${start}${quote}${rewriteLink(quoted === '' ? bare : quoted, server)}${quote}`,
    ),
  );
  return { ...answer, headers: { ...headers, 'content-length': undefined }, body: Buffer.from(turned, 'latin1') };
}

function rewriteLink(link: string, server: ProxiedServer): string {
  const { prefix, scheme, host, clientHost } = server;
  if (link.startsWith(`${prefix}/`)) return link;
  if (link.startsWith('/') && !link.startsWith('//')) return `${prefix}${link}`;
  for (const own of [`${scheme}://${host}`, `//${host}`]) {
    if (link === own || link.startsWith(`${own}/`)) return `${prefix}${link.slice(own.length)}`;
  }
  // A server that calls itself as its client calls this one keeps that name.
  const [, ofClient = '', path = ''] = /^((?:https?:)?\/\/[^/?#]+)(\/.*)$/i.exec(link) ?? [];
  const isClients = clientHost !== '' && ofClient.replace(/^.*\/\//, '') === clientHost;
  return isClients && !path.startsWith(`${prefix}/`) ? `${ofClient}${prefix}${path}` : link;
}
