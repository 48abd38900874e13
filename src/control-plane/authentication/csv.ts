/**
 * The records of CSV (RFC 4180), empty lines left out; they need not be of one length (as Go's encoding/csv reads them).
 * @throws Error in its words, for quotes that stand wrong
 */
export function readCsv(text: string): string[][] {
  const records: string[][] = [];
  let at = 0;
  let line = 1;
  const lineStart = (): number => text.lastIndexOf('\n', at - 1) + 1;
  const wrong = (what: string): Error =>
    new Error(`parse error on line ${line}, column ${at - lineStart() + 1}: ${what}`);

  /** Up to a comma or the end of the line. */
  const plainField = (): string => {
    const [field = ''] = /^[^,\n]*/.exec(text.slice(at)) ?? [];
    const quote = field.indexOf('"');
    at += quote < 0 ? field.length : quote;
    if (quote >= 0) throw wrong('bare " in non-quoted-field');
    return field.replace(/\r$/, '');
  };
  const quotedField = (): string => {
    let field = '';
    for (at++; ;) {
      const end = text.indexOf('"', at);
      const part = text.slice(at, end < 0 ? undefined : end);
      field += part;
      line += part.split('\n').length - 1;
      at += part.length;
      if (end < 0) throw wrong('extraneous or missing " in quoted-field');
      if (text[end + 1] !== '"') break;
      field += '"';
      at = end + 2;
    }
    if (!/^"(?:,|\r?\n|\r?$)/.test(text.slice(at, at + 3))) throw wrong('extraneous or missing " in quoted-field');
    at += text[at + 1] === '\r' ? 2 : 1;
    return field;
  };

  while (at < text.length) {
    const record: string[] = [];
    for (;;) {
      record.push(text[at] === '"' ? quotedField() : plainField());
      if (text[at] !== ',') break;
      at++;
    }
    at++;
    line++;
    if (record.length > 1 || record[0] !== '') records.push(record);
  }
  return records;
}
