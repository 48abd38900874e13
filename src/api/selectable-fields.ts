import { isJsonObject } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';

type FieldReader = (object: Unstructured) => string;

/** Fields whose selector's name is not where they are. */
const renamed: Readonly<Record<string, string>> = {
  'status.successful': 'status.succeeded',
  source: 'source.component',
};

/** Readers of fields by path, as field selectors compare them: absent is empty, numbers and truths are text. */
export function fieldReaders(paths: readonly string[]): Readonly<Record<string, FieldReader>> {
  return Object.fromEntries(paths.map((path): [string, FieldReader] => [path, readerOf(path)]));
}

function readerOf(path: string): FieldReader {
  const steps = (renamed[path] ?? path).split('.');
  return (object) => {
    let value: unknown = object;
    for (const step of steps) value = isJsonObject(value) ? value[step] : undefined;
    if (typeof value === 'boolean' || typeof value === 'number') return `${value}`;
    if (typeof value === 'string') return value;
    return path === 'spec.unschedulable' || path === 'spec.hostNetwork'
      ? 'false'
      : path === 'status.replicas' || path === 'status.successful'
        ? '0'
        : '';
  };
}
