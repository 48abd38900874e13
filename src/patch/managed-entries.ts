import type { ManagedFieldsEntry } from '../apimachinery/object-meta.ts';
import { FieldSet, type FieldsV1 } from './structured-merge/field-set.ts';

/** One manager's fields: an entry of metadata.managedFields, read when its fields are asked for. */
export class ManagerEntry {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  time: string | undefined;
  #stored: FieldsV1 | undefined;
  #fields: FieldSet | undefined;

  constructor(identity: Pick<ManagerEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>) {
    this.manager = identity.manager;
    this.operation = identity.operation;
    this.apiVersion = identity.apiVersion;
    this.subresource = identity.subresource;
    this.time = undefined;
    this.#fields = new FieldSet();
  }

  /** @throws Error with the text of apimachinery's decoder. */
  static fromApi(entry: ManagedFieldsEntry, index: number): ManagerEntry {
    const { operation, manager = '', apiVersion = '', subresource = '', fieldsType = '' } = entry;
    if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`');
    if (apiVersion === '') throw new Error('apiVersion must not be empty');
    if (fieldsType === '') throw new Error(`missing fieldsType in managed fields entry ${index}`);
    if (fieldsType !== 'FieldsV1') {
      throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`);
    }
    const result = new ManagerEntry({ manager, operation, apiVersion, subresource });
    result.time = entry.time;
    result.#stored = (entry.fieldsV1 ?? {}) as FieldsV1;
    result.#fields = undefined;
    return result;
  }

  /** @throws Error for fields that cannot be read. */
  get fields(): FieldSet {
    this.#fields ??= FieldSet.fromFieldsV1(this.#stored ?? {});
    return this.#fields;
  }

  set fields(fields: FieldSet) {
    if (fields === this.#fields) return;
    this.#fields = fields;
    this.#stored = undefined;
  }

  /** Whether a path of the set is among the fields; does not read them. */
  isTouchedBy(set: FieldSet): boolean {
    if (set.isEmpty()) return false;
    return this.#stored === undefined ? !set.intersection(this.fields).isEmpty() : set.touches(this.#stored);
  }

  isEmpty(): boolean {
    if (this.#stored === undefined) return this.fields.isEmpty();
    for (const key in this.#stored) if (key !== '.' && Object.hasOwn(this.#stored, key)) return false;
    return true;
  }

  /** Reads the fields and spells them our way. @throws Error for fields that cannot be read. */
  normalize(): void {
    this.fields = FieldSet.fromFieldsV1(this.fields.toFieldsV1());
  }

  toApi(): ManagedFieldsEntry {
    return {
      ...(this.manager === '' ? {} : { manager: this.manager }),
      operation: this.operation,
      apiVersion: this.apiVersion,
      ...(this.time === undefined ? {} : { time: this.time }),
      fieldsType: 'FieldsV1',
      fieldsV1: this.#stored ?? this.fields.toFieldsV1(),
      ...(this.subresource === '' ? {} : { subresource: this.subresource }),
    };
  }
}

/** Entries by their identifier. */
export type Managers = Map<string, ManagerEntry>;

/** What tells one entry from another; one that applies keeps its own across versions. Sorted as the server sorts. */
export function managerKey(
  manager: string,
  operation: 'Apply' | 'Update',
  apiVersion: string,
  subresource: string,
): string {
  const identity: Record<string, string> = {};
  if (manager !== '') identity['manager'] = manager;
  identity['operation'] = operation;
  if (operation === 'Update') identity['apiVersion'] = apiVersion;
  if (subresource !== '') identity['subresource'] = subresource;
  return JSON.stringify(identity);
}

/** Reads entries. @throws Error for one without operation, version or type. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers: Managers = new Map();
  for (const [index, entry] of (entries ?? []).entries()) {
    const decoded = ManagerEntry.fromApi(entry, index);
    const { manager, operation, apiVersion, subresource } = decoded;
    managers.set(managerKey(manager, operation, apiVersion, subresource), decoded);
  }
  return managers;
}

/** Entries as they are stored: Apply first, then by time, manager, version and subresource. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()]
    .sort(
      (left, right) =>
        compareText(left.operation, right.operation) ||
        compareText(left.time ?? '', right.time ?? '') ||
        compareText(left.manager, right.manager) ||
        compareText(left.apiVersion, right.apiVersion) ||
        compareText(left.subresource, right.subresource),
    )
    .map((entry) => entry.toApi());
}

/** Entries without fields are not kept. */
export function dropEmptyManagers(managers: Managers): void {
  for (const [key, entry] of managers) if (entry.isEmpty()) managers.delete(key);
}

const ancientManager = 'ancient-changes';
const maxUpdateManagers = 10;

/** Only the ten newest Update entries are kept apart; older ones share one per version. */
export function capUpdateManagers(managers: Managers): void {
  const updates = [...managers].filter(([, entry]) => entry.operation === 'Update');
  let excess = updates.length - maxUpdateManagers;
  if (excess <= 0) return;
  updates.sort(
    ([leftKey, left], [rightKey, right]) =>
      compareText(left.time ?? '', right.time ?? '') || compareText(leftKey, rightKey),
  );
  /** The first entry of each version becomes the bucket when a second one comes. */
  const firstOfVersion = new Map<string, string>();
  for (const [key, entry] of updates) {
    if (excess <= 0) return;
    const first = firstOfVersion.get(entry.apiVersion);
    if (first === undefined) {
      firstOfVersion.set(entry.apiVersion, key);
      continue;
    }
    const bucketKey = managerKey(ancientManager, 'Update', entry.apiVersion, '');
    const bucket = managers.get(bucketKey) ?? managers.get(first);
    if (!managers.has(bucketKey)) managers.delete(first);
    const merged = newUpdateEntry(ancientManager, entry.apiVersion, '');
    merged.fields = entry.fields.union(bucket?.fields ?? new FieldSet());
    merged.time = entry.time;
    managers.set(bucketKey, merged);
    if (key !== bucketKey) managers.delete(key);
    excess--;
  }
}

/** An entry of a manager that writes without applying. */
export function newUpdateEntry(manager: string, apiVersion: string, subresource: string): ManagerEntry {
  return new ManagerEntry({ manager, operation: 'Update', apiVersion, subresource });
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
