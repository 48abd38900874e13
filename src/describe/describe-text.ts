import { escapeTerminal } from '../printers/printer.ts';
import { TabWriter } from '../printers/tab-writer.ts';

const maxAnnotationLength = 140;
const hiddenAnnotations = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** Collects a description: lines of `title:<tab>value`, aligned two spaces apart when it is read. */
export class DescribeText {
  readonly #sink: { raw: string };
  /** What stands before everything, of a part inside another. */
  readonly #indent: string;

  constructor(sink: { raw: string } = { raw: '' }, indent = '') {
    this.#sink = sink;
    this.#indent = indent;
  }

  /** A text whose lines go to this one, `level` times two spaces further in. */
  nested(level: number): DescribeText {
    return new DescribeText(this.#sink, this.#indent + '  '.repeat(level));
  }

  /** A line, `level` times two spaces in. */
  line(level: number, text: string): void {
    this.#sink.raw += escapeTerminal(`${this.#indent}${'  '.repeat(level)}${text}\n`);
  }

  /** What the next line goes on with. */
  part(text: string): void {
    this.#sink.raw += escapeTerminal(`${this.#indent}${text}`);
  }

  /** A table's heads with a line of dashes under each, then its rows. */
  table(level: number, heads: readonly string[], rows: readonly (readonly unknown[])[]): void {
    this.line(level, heads.join('\t'));
    this.line(level, heads.map((head) => '-'.repeat(head.length)).join('\t'));
    for (const row of rows) this.line(level, row.map(String).join('\t'));
  }

  /** `Labels:` with a line for each, sorted; `title` may begin with spaces. */
  labels(title: string, labels: Readonly<Record<string, string>> | undefined): void {
    this.list(
      title,
      Object.keys(labels ?? {})
        .toSorted()
        .map((key) => `${key}=${labels?.[key] ?? ''}`),
    );
  }

  /** `Annotations:`, without the one that `apply` keeps; long values and those of several lines stand below their key. */
  annotations(title: string, annotations: Readonly<Record<string, string>> | undefined): void {
    const keys = Object.keys(annotations ?? {})
      .filter((key) => !hiddenAnnotations.has(key))
      .toSorted();
    if (keys.length === 0) this.list(title, []);
    for (const [index, key] of keys.entries()) {
      const start = index === 0 ? `${title}:\t${this.#indent}` : `\t${this.#indent}`;
      const value = (annotations?.[key] ?? '').replace(/\n$/, '');
      if (Buffer.byteLength(value) + Buffer.byteLength(key) + 2 <= maxAnnotationLength && !value.includes('\n')) {
        this.line(0, `${start}${key}: ${value}`);
        continue;
      }
      this.line(0, `${start}${key}:`);
      for (const part of value.split('\n')) {
        this.line(0, `\t  ${shorten(part, maxAnnotationLength - 2)}`);
      }
    }
  }

  /** `title:` with one value a line, `<none>` when there is none. */
  list(title: string, values: readonly string[]): void {
    // In a part inside another every value stands as far in as its title.
    for (const [index, value] of (values.length === 0 ? ['<none>'] : values).entries()) {
      this.line(0, `${index === 0 ? `${title}:` : ''}\t${this.#indent}${value}`);
    }
  }

  /** Everything, aligned. */
  toString(): string {
    const writer = new TabWriter({ minWidth: 0, padding: 2, remembersWidths: false });
    writer.write(this.#sink.raw);
    return writer.flush();
  }

  /** Everything as it was written, with its tabs. */
  unaligned(): string {
    return this.#sink.raw;
  }
}

/** A text of more bytes than `length`, cut and marked. */
export function shorten(text: string, length: number): string {
  const bytes = Buffer.from(text);
  return bytes.length > length ? `${bytes.subarray(0, length).toString('utf8')}...` : text;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => `${value}`.padStart(2, '0');

/** A time as RFC 1123 with a numeric zone: `Mon, 23 Nov 2026 04:09:03 +0000`; Go's zero time when there is none. */
export function longTime(time: string | null | undefined): string {
  if (time === undefined || time === null) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(time);
  const day = `${days[date.getUTCDay()] ?? ''}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()] ?? ''}`;
  return `${day} ${year(date)} ${clockOf(date)} +0000`;
}

/** A time as Go's time.Time prints itself: `2026-11-23 04:09:03 +0000 UTC`. */
export function goTime(time: string | null | undefined): string {
  if (time === undefined || time === null) return '0001-01-01 00:00:00 +0000 UTC';
  const date = new Date(time);
  return `${year(date)}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())} ${clockOf(date)} +0000 UTC`;
}

function year(date: Date): string {
  return `${date.getUTCFullYear()}`.padStart(4, '0');
}

function clockOf(date: Date): string {
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** `True` or `False`; `<unset>` for what is not there. */
export function titleBool(value: boolean | undefined): string {
  if (value === undefined) return '<unset>';
  return value ? 'True' : 'False';
}

/** Values between commas, `<none>` without any. */
export function joined(values: readonly string[] | undefined, separator = ','): string {
  return values === undefined || values.length === 0 ? '<none>' : values.join(separator);
}
