import type { OutputStream } from '../system/io-streams.ts';

// Everything of C0 but tab and line feed, DEL, and C1.
// eslint-disable-next-line no-control-regex -- control characters are the point
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Text that cannot steer a terminal: escape and carriage return as kubectl's tables show them (`^[`, `\r`), other control
 * characters of ASCII in the same way (`^G`), the rest as JSON escapes them.
 */
export function withoutControls(text: string): string {
  return text.replace(controls, (char) => {
    const code = char.charCodeAt(0);
    if (char === '\r') return '\\r';
    return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : `\\u00${code.toString(16)}`;
  });
}

/**
 * An output whose text cannot steer the terminal it goes to, whatever a server put into it; anything but a terminal gets
 * it as it is. Bytes pass: they are what a program in a container wrote.
 */
export function terminalSafe(output: OutputStream): OutputStream {
  if (!output.isTerminal) return output;
  const { columns } = output;
  return {
    write: (text) => output.write(typeof text === 'string' ? withoutControls(text) : text),
    flush: () => output.flush(),
    isTerminal: true,
    ...(columns === undefined ? {} : { columns }),
  };
}
