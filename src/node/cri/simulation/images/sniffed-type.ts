const htmlStart =
  /^[\t\n\f\r ]*<(?:!DOCTYPE HTML|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/i;

/** The media type of a text that a server says none of, as Go's servers find it by how the text begins (WHATWG MIME Sniffing). */
export function sniffedType(text: string): string {
  if (htmlStart.test(text)) return 'text/html; charset=utf-8';
  return /^[\t\n\f\r ]*<\?xml/.test(text) ? 'text/xml; charset=utf-8' : 'text/plain; charset=utf-8';
}
