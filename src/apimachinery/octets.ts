/** What stands for octets that are no UTF-8: 0x80 is U+DC80, which no text has by itself (as Python's surrogateescape). */
const base = 0xdc00;

/** Octets that are UTF-8, or any other octet (Unicode 15, table 3-7). */
const sequences =
  /(?:[^\x80-\xff]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})+|[\x80-\xff]/g;

/**
 * The text of octets that should be UTF-8. Those that are not stay what they are, one lone surrogate each, so that it
 * can be told what they were: Go's texts are octets, and its `%q` shows them.
 * @param octets a character each, U+0000 to U+00FF.
 */
export function textOfOctets(octets: string): string {
  return octets.replaceAll(sequences, (part) => {
    const code = part.charCodeAt(0);
    const isLone = part.length === 1 && code >= 0x80;
    return isLone ? String.fromCharCode(base + code) : Buffer.from(part, 'latin1').toString('utf8');
  });
}

/** The octets of a text, a character each, those that are no UTF-8 included. */
export function octetsOfText(text: string): string {
  let octets = '';
  for (const char of text) {
    const octet = loneOctet(char);
    octets += octet === undefined ? Buffer.from(char, 'utf8').toString('latin1') : String.fromCharCode(octet);
  }
  return octets;
}

/** The octet that a character of such a text stands for; undefined when it is a character. */
export function loneOctet(char: string): number | undefined {
  const code = char.charCodeAt(0) - base;
  return char.length === 1 && code >= 0x80 && code <= 0xff ? code : undefined;
}

/** JSON with lone octets as Go writes them: as the escape of U+FFFD. */
export function withoutLoneOctets(json: string): string {
  if (!json.includes('\\udc')) return json;
  return json.replaceAll(/(?<!\\)((?:\\\\)*)\\udc[89a-f][0-9a-f]/g, '$1\\ufffd');
}
