import { stringifyKyaml, stringifyYaml } from '../apimachinery/yaml.ts';
import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { listItems, type ListPrinter, type ObjectPrinter, PrintableEvent, PrinterError } from './printer.ts';

/** The List that several objects are printed in, without them. */
export function emptyList(): { apiVersion: 'v1'; items: unknown[]; kind: 'List'; metadata: { resourceVersion: '' } } {
  return { apiVersion: 'v1', items: [], kind: 'List', metadata: { resourceVersion: '' } };
}

/** `-o json`: four spaces, keys sorted, HTML characters escaped. */
export class JsonPrinter implements ObjectPrinter {
  print(object: unknown): string {
    // Events stand on a line each, what happened before what it happened to.
    if (object instanceof PrintableEvent) {
      return `{"type":${stringifyGoJson(object.type)},"object":${stringifyGoJson(object.object)}}\n`;
    }
    return `${stringifyGoJson(object, '    ')}\n`;
  }

  list(): ListPrinter {
    const [before = '', after = ''] = this.print(emptyList()).split('[]');
    const margin = ' '.repeat(8);
    let count = 0;
    return {
      add: (item) => `${count++ === 0 ? `${before}[` : ','}\n${margin}${stringifyGoJson(item, '    ', margin)}`,
      end: () => [count === 0 ? this.print(emptyList()) : `\n    ]${after}`],
    };
  }
}

/** A list that a program of Kubernetes put together: its fields in the order of their declaration. */
export function listInFieldOrder(items: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ['kind', 'List'],
    ['apiVersion', 'v1'],
    ['metadata', {}],
    ['items', items],
  ]);
}

/** `-o yaml`: a `---` between objects. */
export class YamlPrinter implements ObjectPrinter {
  #count = 0;

  print(object: unknown): string {
    return `${this.#count++ === 0 ? '' : '---\n'}${stringifyYaml(object)}`;
  }

  list(): ListPrinter {
    const whole = this.print(emptyList());
    const [before = '', after = ''] = whole.split(' []');
    let count = 0;
    return {
      // A list in a mapping is written as far in as one that stands alone.
      add: (item) => `${count++ === 0 ? `${before}\n` : ''}${stringifyYaml([item])}`,
      end: () => [count === 0 ? whole : after.slice(1)],
    };
  }
}

const unreadable = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** `-o kyaml`: a `---` before each object. */
export class KyamlPrinter implements ObjectPrinter {
  readonly #options: { readonly keepOrder: boolean };

  /** @param options whether fields stand as they come, not by their names: those of typed objects */
  constructor(options: { readonly keepOrder: boolean } = { keepOrder: false }) {
    this.#options = options;
  }

  /** @throws PrinterError */
  print(object: unknown): string {
    // The real program reads the object back from JSON, where these stand as they are, as YAML, which does not have them.
    if (unreadable.test(stringifyGoJson(object))) {
      throw new PrinterError('error decoding: yaml: control characters are not allowed');
    }
    if (!(object instanceof PrintableEvent)) return `---\n${stringifyKyaml(object, this.#options)}`;
    const inner = stringifyKyaml(object.object, this.#options).trimEnd().replaceAll('\n', '\n  ');
    return `---\n{\n  type: ${stringifyKyaml(object.type).trimEnd()},\n  object: ${inner},\n}\n`;
  }
}

/** Leaves metadata.managedFields out of objects and of the items of lists before they are printed. */
export class OmitManagedFieldsPrinter implements ObjectPrinter {
  readonly #delegate: ObjectPrinter;

  constructor(delegate: ObjectPrinter) {
    this.#delegate = delegate;
  }

  print(object: unknown): string {
    return this.#delegate.print(withoutManagedFields(object));
  }

  end(): string {
    return this.#delegate.end?.() ?? '';
  }

  list(): ListPrinter | undefined {
    const list = this.#delegate.list?.();
    if (list === undefined) return undefined;
    return { add: (item) => list.add(withoutManagedFields(item)), end: () => list.end() };
  }
}

/** The object, or a copy of as much of it as needs be, without managed fields. */
export function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null) return object;
  const items = listItems(object);
  if (items !== undefined) return { ...object, items: items.map(withoutManagedFields) };
  const { metadata } = object as { metadata?: unknown };
  if (typeof metadata !== 'object' || metadata === null || !('managedFields' in metadata)) return object;
  const { managedFields: _dropped, ...rest } = metadata;
  return { ...object, metadata: rest };
}
