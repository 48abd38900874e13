import { stringifyKyaml, stringifyYaml } from '../apimachinery/yaml.ts';
import { stringifyGoJson } from './go-json.ts';
import { listItems, type ObjectPrinter } from './printer.ts';

/** `-o json`: four spaces, keys sorted, HTML characters escaped. */
export class JsonPrinter implements ObjectPrinter {
  print(object: unknown): string {
    return `${stringifyGoJson(object, '    ')}\n`;
  }
}

/** `-o yaml`: a `---` between objects. */
export class YamlPrinter implements ObjectPrinter {
  #count = 0;

  print(object: unknown): string {
    return `${this.#count++ === 0 ? '' : '---\n'}${stringifyYaml(object)}`;
  }
}

/** `-o kyaml`: a `---` before each object. */
export class KyamlPrinter implements ObjectPrinter {
  print(object: unknown): string {
    return `---\n${stringifyKyaml(object)}`;
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
