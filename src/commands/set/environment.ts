import { goQuote } from '../../apimachinery/field-error.ts';
import { isClassicEnvVarName, isQualifiedName } from '../../apimachinery/names.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { type Quantity, parseQuantity } from '../../apimachinery/quantity.ts';
import type { Client } from '../../client/client.ts';
import { CommandError } from '../../cli/command.ts';
import type { ChangeableContainer, EnvironmentVariable, VariableSource } from './pod-spec.ts';

/** What a command line wants of the variables. */
export interface EnvironmentChanges {
  readonly set: readonly EnvironmentVariable[];
  readonly remove: readonly string[];
}

/** Splits arguments into what names objects and `NAME=VALUE`, `NAME-` and `-`. @throws CommandError */
export function splitEnvironment(args: readonly string[]): {
  readonly resources: readonly string[];
  readonly changes: readonly string[];
} {
  const isChange = (argument: string): boolean => /^.+=.*$/ms.test(argument) || argument.endsWith('-');
  const first = args.findIndex(isChange);
  if (first < 0) return { resources: args, changes: [] };
  const changes = args.slice(first);
  if (!changes.every(isChange)) {
    throw new CommandError(`all resources must be specified before environment changes: ${args.join(' ')}`);
  }
  return { resources: args.slice(0, first), changes };
}

/** Reads changes. @param standardInput what `-` stands for, lines of `NAME=VALUE`. @throws CommandError */
export async function parseEnvironment(
  changes: readonly string[],
  standardInput: () => Promise<string>,
): Promise<EnvironmentChanges> {
  const set: EnvironmentVariable[] = [];
  const remove: string[] = [];
  const named = new Set<string>();
  for (const change of changes) {
    if (change === '-') {
      set.push(...variablesIn(await standardInput()));
    } else if (change.includes('=')) {
      const variable = variableOf(change);
      const problems = isClassicEnvVarName(variable.name);
      if (problems.length > 0) {
        throw new CommandError(`${goQuote(variable.name)} is not a valid key name: ${problems.join(';')}`);
      }
      named.add(variable.name);
      set.push(variable);
    } else if (change.endsWith('-')) {
      remove.push(change.slice(0, -1));
    } else {
      throw new CommandError(`unknown environment variable: ${change}`);
    }
  }
  if (remove.some((name) => named.has(name))) {
    throw new CommandError('can not both modify and remove the same environment variable in the same command');
  }
  return { set, remove };
}

function variableOf(text: string): EnvironmentVariable {
  const sign = text.indexOf('=');
  const value = text.slice(sign + 1);
  return value === '' ? { name: text.slice(0, sign) } : { name: text.slice(0, sign), value };
}

function variablesIn(text: string): EnvironmentVariable[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.split('#')[0] ?? '')
    .filter((line) => line.includes('='))
    .map(variableOf);
}

/**
 * The variables of a container after a change: one that is set takes the place of the first of its name, new ones come
 * last, and removing wins.
 */
export function changedEnvironment(
  existing: readonly EnvironmentVariable[],
  { set, remove }: EnvironmentChanges,
): EnvironmentVariable[] {
  const done = new Set(remove);
  const result: EnvironmentVariable[] = [];
  for (const variable of existing) {
    if (done.has(variable.name)) continue;
    const newer = set.find(({ name }) => name === variable.name);
    if (newer !== undefined) done.add(variable.name);
    result.push(newer ?? variable);
  }
  for (const variable of set) {
    if (done.has(variable.name)) continue;
    done.add(variable.name);
    result.push(variable);
  }
  return result;
}

/** Refuses to change a variable that has another value. @throws CommandError */
export function checkNotOverwritten(
  existing: readonly EnvironmentVariable[],
  set: readonly EnvironmentVariable[],
): void {
  for (const { name, value = '' } of set) {
    const current = existing.find((variable) => variable.name === name);
    if (current !== undefined && (current.value ?? '') !== value) {
      throw new CommandError(`'${name}' already has a value (${current.value ?? ''}), and --overwrite is false`);
    }
  }
}

/** Where a value comes from, as the list shows it. */
export function sourceText({ configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef }: VariableSource): string {
  if (configMapKeyRef !== undefined) return `configmap ${configMapKeyRef.name ?? ''}, key ${configMapKeyRef.key}`;
  if (secretKeyRef !== undefined) return `secret ${secretKeyRef.name ?? ''}, key ${secretKeyRef.key}`;
  if (fieldRef !== undefined) return `field path ${fieldRef.fieldPath}`;
  if (resourceFieldRef === undefined) return 'invalid valueFrom';
  const { containerName = '', resource } = resourceFieldRef;
  return `resource field ${containerName === '' ? '' : `${containerName}/`}${resource}`;
}

/** Finds the values that variables refer to; config maps and secrets are read once. */
export class VariableResolver {
  readonly #client: () => Promise<Client>;
  readonly #namespace: string;
  readonly #objects = new Map<string, Promise<Unstructured>>();

  constructor(client: () => Promise<Client>, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** @throws StatusError, CommandError for what cannot be resolved */
  async value(source: VariableSource, object: Unstructured, container: ChangeableContainer): Promise<string> {
    const { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef } = source;
    if (secretKeyRef !== undefined) {
      const { name = '', key } = secretKeyRef;
      const value = await this.#member('secrets', name, key);
      if (value !== undefined) return Buffer.from(value, 'base64').toString('utf8');
      throw new CommandError(`key ${key} not found in secret ${name}`);
    }
    if (configMapKeyRef !== undefined) {
      const { name = '', key } = configMapKeyRef;
      const value = await this.#member('configmaps', name, key);
      if (value !== undefined) return value;
      throw new CommandError(`key ${key} not found in config map ${name}`);
    }
    if (fieldRef !== undefined) return fieldText(object, fieldRef.fieldPath);
    if (resourceFieldRef !== undefined) return resourceText(resourceFieldRef, container);
    throw new CommandError('invalid valueFrom');
  }

  async #member(resource: string, name: string, key: string): Promise<string | undefined> {
    const id = `${resource}/${name}`;
    const known =
      this.#objects.get(id) ??
      this.#client().then((client) =>
        client.resource({ group: '', version: 'v1', resource }, this.#namespace).get(name),
      );
    this.#objects.set(id, known);
    const data = (await known)['data'] as Readonly<Record<string, string>> | undefined;
    return data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
  }
}

function fieldText({ metadata }: Unstructured, path: string): string {
  const { annotations = {}, labels = {} } = metadata;
  const [, field = '', key = ''] = /^(.+?)\['(.*)'\]$/s.exec(path) ?? [];
  if (field !== '') {
    const maps: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'metadata.annotations': annotations,
      'metadata.labels': labels,
    };
    const map = maps[field];
    if (map === undefined) throw new CommandError(`fieldPath ${goQuote(path)} does not support subscript`);
    const problems = isQualifiedName(field === 'metadata.annotations' ? key.toLowerCase() : key);
    if (problems.length > 0) throw new CommandError(`invalid key subscript in ${path}: ${problems.join(';')}`);
    return map[key] ?? '';
  }
  switch (path) {
    case 'metadata.annotations':
      return mapText(annotations);
    case 'metadata.labels':
      return mapText(labels);
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    default:
      throw new CommandError(`unsupported fieldPath: ${path}`);
  }
}

function mapText(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${goQuote(map[key] ?? '')}`)
    .join('\n');
}

/** An amount of a container in units of the divisor, rounded up. */
function resourceText(
  { resource, divisor = '0' }: NonNullable<VariableSource['resourceFieldRef']>,
  container: ChangeableContainer,
): string {
  const [, list = '', name = ''] = /^(limits|requests)\.(.+)$/.exec(resource) ?? [];
  const isKnown = ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-');
  if (!isKnown) throw new CommandError(`Unsupported container resource : ${resource}`);
  const amounts = container.resources?.[list === 'limits' ? 'limits' : 'requests'] ?? {};
  const amount = parseQuantity(amounts[name] ?? '0');
  const unit = parseQuantity(String(divisor));
  const inUnits = (quantity: Quantity): number => Number(name === 'cpu' ? quantity.milliValue() : quantity.value());
  return String(Math.ceil(inUnits(amount) / inUnits(unit.isZero() ? parseQuantity('1') : unit)));
}
