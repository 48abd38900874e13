import { goQuote } from '../apimachinery/field-error.ts';
import { isValidLabelValue } from '../apimachinery/names.ts';
import { CommandError } from './command.ts';

/** What `key=value` and `key-` ask for. */
export interface MapChanges {
  readonly set: ReadonlyMap<string, string>;
  readonly remove: readonly string[];
}

/** Splits arguments into what names objects and what changes them. @throws CommandError */
export function splitChanges(
  args: readonly string[],
  what: 'label' | 'annotation' | 'image',
): { readonly resources: readonly string[]; readonly changes: readonly string[] } {
  const isChange = (argument: string): boolean =>
    (argument.includes('=') && !argument.startsWith('=')) || (argument.endsWith('-') && argument !== '-');
  const first = args.findIndex(isChange);
  const resources = first < 0 ? args : args.slice(0, first);
  const changes = first < 0 ? [] : args.slice(first);
  const late = changes.find((argument) => !isChange(argument));
  if (late !== undefined) throw new CommandError(`all resources must be specified before ${what} changes: ${late}`);
  return { resources, changes };
}

/** Reads changes of labels. @throws CommandError */
export function parseLabelChanges(changes: readonly string[]): MapChanges {
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const change of changes) {
    if (change.includes('=')) {
      const [key = '', value = '', ...rest] = change.split('=');
      if (rest.length > 0) throw new CommandError(`invalid label spec: ${change}`);
      const [problem] = isValidLabelValue(value);
      if (problem !== undefined) {
        throw new CommandError(`invalid label value: ${goQuote(change)}: ${problem}`);
      }
      set.set(key, value);
    } else {
      remove.push(change.slice(0, -1));
    }
  }
  if (remove.some((key) => set.has(key))) {
    throw new CommandError('can not both modify and remove a label in the same command');
  }
  return { set, remove };
}

/** Reads changes of annotations. @throws CommandError */
export function parseAnnotationChanges(changes: readonly string[]): MapChanges {
  const set = new Map<string, string>();
  const remove: string[] = [];
  for (const change of changes) {
    const sign = change.indexOf('=');
    if (sign > 0) set.set(change.slice(0, sign), change.slice(sign + 1));
    else remove.push(change.slice(0, -1));
  }
  const both = remove.filter((key) => set.has(key)).toSorted();
  if (both.length > 0) {
    throw new CommandError(
      `can not both modify and remove the following annotation(s) in the same command: ${both.join(', ')}`,
    );
  }
  return { set, remove };
}
