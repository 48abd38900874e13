/** An attribute of a tag; the value is as it is meant, without escapes. */
export interface TagAttribute {
  readonly name: string;
  readonly value: string;
}

/** Elements whose content is text up to their own end tag, whatever it looks like. */
const rawTextElements: ReadonlySet<string> = new Set([
  'iframe',
  'noembed',
  'noframes',
  'noscript',
  'plaintext',
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
]);

/** The named characters that stand in links; others stay as they are written. */
const namedCharacters: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Writes an HTML page, of which each character is a byte, with other values of attributes. Start tags are written anew, with all their attributes in double
 * quotes, as golang.org/x/net/html does it; everything else stays as it is, the content of comments and scripts included.
 * @param change the new value of an attribute of an element
 */
export function rewriteTags(page: string, change: (element: string, attribute: TagAttribute) => string): string {
  const parts: string[] = [];
  let kept = 0;
  for (let at = page.indexOf('<'); at >= 0; at = page.indexOf('<', at)) {
    if (page.startsWith('<!--', at)) {
      at = afterText(page, '-->', at + 4);
      continue;
    }
    if (/[!?/]/.test(page[at + 1] ?? '')) {
      at = afterText(page, '>', at + 1);
      continue;
    }
    if (!/[a-z]/i.test(page[at + 1] ?? '')) {
      at++;
      continue;
    }
    const tag = readTag(page, at + 1);
    if (tag === undefined) break;
    parts.push(page.slice(kept, at), writeTag(tag, change));
    kept = tag.end;
    at = rawTextElements.has(tag.name) ? rawTextEnd(page, tag.name, tag.end) : tag.end;
  }
  return parts.join('') + page.slice(kept);
}

/** Where the text behind another text begins; the page's end when it does not come. */
function afterText(page: string, text: string, from: number): number {
  const found = page.indexOf(text, from);
  return found < 0 ? page.length : found + text.length;
}

function rawTextEnd(page: string, name: string, from: number): number {
  const end = new RegExp(`</${name}(?=[\\s/>])`, 'gi');
  end.lastIndex = from;
  return end.exec(page)?.index ?? page.length;
}

interface Tag {
  readonly name: string;
  readonly attributes: readonly TagAttribute[];
  readonly isSelfClosing: boolean;
  /** Behind the bracket. */
  readonly end: number;
}

/** @param start of the name @returns undefined for a tag that does not end */
function readTag(page: string, start: number): Tag | undefined {
  const name = matchAt(/[^\s/>]*/y, page, start);
  const attributes: TagAttribute[] = [];
  let at = start + name.length;
  for (;;) {
    at += matchAt(/[\s/]*/y, page, at).length;
    if (at >= page.length) return undefined;
    if (page[at] === '>') {
      return { name: name.toLowerCase(), attributes, isSelfClosing: page[at - 1] === '/', end: at + 1 };
    }
    const key = matchAt(/=?[^\s/>=]*/y, page, at);
    at += key.length;
    const equals = matchAt(/\s*=\s*/y, page, at);
    at += equals.length;
    const written = equals === '' ? '' : matchAt(/"[^"]*"?|'[^']*'?|[^\s>]*/y, page, at);
    at += written.length;
    if (at >= page.length) return undefined;
    attributes.push({ name: key.toLowerCase(), value: unescapeText(unquoted(written)) });
  }
}

/** @param pattern a sticky one */
function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function unquoted(written: string): string {
  return /^["']/.test(written) ? written.slice(1, -1) : written;
}

function writeTag(
  { name, attributes, isSelfClosing }: Tag,
  change: (tag: string, own: TagAttribute) => string,
): string {
  const written = attributes.map((own) => ` ${own.name}="${escapeText(change(name, own))}"`).join('');
  return `<${name}${written}${isSelfClosing ? '/' : ''}>`;
}

function unescapeText(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (written, hex, decimal, name) => {
    if (typeof name === 'string') return namedCharacters[name] ?? written;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = code > 0 && code <= 0x10ffff;
    return isCharacter ? Buffer.from(String.fromCodePoint(code)).toString('latin1') : written;
  });
}

/** The names of characters that were not read are not written as something else. */
function escapeText(text: string): string {
  return text
    .replace(/&(?!(?!amp;|lt;|gt;|quot;|apos;)[a-z][a-z\d]*;)/gi, '&amp;')
    .replaceAll("'", '&#39;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll('\r', '&#13;');
}
