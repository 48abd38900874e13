/**
 * Turns objects into text. Printers may remember what they printed (headers, separators), so one printer serves one
 * command; `end` gives what is still held back.
 */
export interface ObjectPrinter {
  /** @throws PrinterError */
  print(object: unknown): string;
  end?(): string;
  /** Prints a list of kind List item by item; none where all of it must be there first. */
  list?(): ListPrinter | undefined;
}

/** Prints one list as its items come. */
export interface ListPrinter {
  /** What is printed of an item, and of the list before it; may be held back. @throws PrinterError */
  add(item: unknown): string;
  /** The rest. */
  end(): Iterable<string>;
}

/** An event of a watch, as `--output-watch-events` prints them. */
export class PrintableEvent {
  readonly type: string;
  readonly object: unknown;

  constructor(type: string, object: unknown) {
    this.type = type;
    this.object = object;
  }
}

/** Output that cannot be made, or a format that does not exist. The message is the real one. */
export class PrinterError extends Error {
  /** What goes to standard output all the same. */
  readonly printed: string;

  constructor(message: string, printed = '') {
    super(message);
    this.name = 'PrinterError';
    this.printed = printed;
  }
}

/** The items of a list object; undefined for any other object. */
export function listItems(object: unknown): readonly unknown[] | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  const { items } = object as { items?: unknown };
  return Array.isArray(items) ? items : undefined;
}

/** Replaces what would steer a terminal: escape and carriage return. */
export function escapeTerminal(text: string): string {
  return text.replaceAll('\x1b', '^[').replaceAll('\r', '\\r');
}
