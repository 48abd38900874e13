import { TabWriter } from '../printers/tab-writer.ts';

const maxAnnotationLength = 140;
const hiddenAnnotations = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** Collects a description: lines of `title:<tab>value`, aligned two spaces apart when it is read. */
export class DescribeText {
  #raw = '';

  /** A line, `level` times two spaces in. */
  line(level: number, text: string): void {
    this.#raw += `${'  '.repeat(level)}${text}\n`;
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
    if (keys.length === 0) this.line(0, `${title}:\t<none>`);
    for (const [index, key] of keys.entries()) {
      const start = index === 0 ? `${title}:\t` : '\t';
      const value = (annotations?.[key] ?? '').replace(/\n$/, '');
      if (value.length + key.length + 2 <= maxAnnotationLength && !value.includes('\n')) {
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
    if (values.length === 0) this.line(0, `${title}:\t<none>`);
    for (const [index, value] of values.entries()) {
      this.line(0, `${index === 0 ? `${title}:` : ''}\t${value}`);
    }
  }

  /** Everything, aligned. */
  toString(): string {
    const writer = new TabWriter({ minWidth: 0, padding: 2, remembersWidths: false });
    writer.write(this.#raw);
    return writer.flush();
  }

  /** Everything as it was written, with its tabs. */
  unaligned(): string {
    return this.#raw;
  }
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time as RFC 1123 with a numeric zone: `Mon, 23 Nov 2026 04:09:03 +0000`; Go's zero time when there is none. */
export function longTime(time: string | null | undefined): string {
  if (time === undefined || time === null) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(time);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const day = `${days[date.getUTCDay()] ?? ''}, ${two(date.getUTCDate())} ${months[date.getUTCMonth()] ?? ''}`;
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${day} ${`${date.getUTCFullYear()}`.padStart(4, '0')} ${clock} +0000`;
}

/** `True` or `False`. */
export function titleBool(value: boolean): string {
  return value ? 'True' : 'False';
}
