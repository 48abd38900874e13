/** A file of variables that does not keep to the form; the message says where. */
export class EnvironmentFileError extends Error {}

/**
 * Reads the value of a variable from a file of lines `NAME='value'`, as fileKeyRef has them (KEP-3721): values in single
 * quotes, which may span lines and mean themselves; comments and empty lines are passed over. A blank after `=` makes an
 * empty value.
 * @returns empty when it is not there @throws EnvironmentFileError for a line before it that is none of these
 */
export function environmentFileValue(text: string, name: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const fail = (at: number, why: string): never => {
    throw new EnvironmentFileError(`invalid environment variable format ${why.replace('LINE', `line ${at + 1}`)}`);
  };
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').replace(/\r$/, '').replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 0) fail(at, "at LINE: missing '='");
    const own = line.slice(0, equals);
    if (own.trim() === '') fail(at, 'at LINE: empty variable name');
    if (/[ \t]$/.test(own)) fail(at, "at LINE: whitespace before '=' is not allowed");
    let rest = line.slice(equals + 1);
    if (/^[ \t]/.test(rest)) {
      if (own === name) return '';
      continue;
    }
    if (!rest.startsWith("'")) fail(at, 'at LINE: value must be enclosed in single quotes');
    const begun = at;
    let value = '';
    rest = rest.slice(1);
    while (!rest.includes("'")) {
      value += `${rest}\n`;
      at++;
      if (at >= lines.length) fail(begun, 'starting at LINE: unclosed single quote');
      rest = (lines[at] ?? '').replace(/\r$/, '');
    }
    const end = rest.indexOf("'");
    const after = rest.slice(end + 1).replace(/^[ \t]+/, '');
    if (after !== '' && !after.startsWith('#')) fail(at, 'at LINE: unexpected content after closing quote');
    if (own === name) return value + rest.slice(0, end);
  }
  return '';
}
