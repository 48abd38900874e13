import { setOwn } from '../../apimachinery/json.ts';

/**
 * A step of a path as FieldsV1 writes it: `f:name` (field), `k:{"name":"a"}` (list item by key), `v:"x"` (set item),
 * `i:0` (index) (KEP-555).
 */
export type PathElement = string;

/** FieldsV1 as JSON. */
export type FieldsV1 = { [element: string]: FieldsV1 };

/** A set of paths, as a tree: which of the next steps belong to the set themselves, and what lies below them. */
export class FieldSet {
  readonly members = new Set<PathElement>();
  readonly children = new Map<PathElement, FieldSet>();

  isEmpty(): boolean {
    if (this.members.size > 0) return false;
    for (const child of this.children.values()) if (!child.isEmpty()) return false;
    return true;
  }

  /** The set below a step, made when it is not there. */
  child(element: PathElement): FieldSet {
    let child = this.children.get(element);
    if (child === undefined) {
      child = new FieldSet();
      this.children.set(element, child);
    }
    return child;
  }

  /** Adds a path; the empty path cannot be a member. */
  insert(path: readonly PathElement[]): void {
    const last = path.at(-1);
    if (last === undefined) return;
    // oxlint-disable-next-line no-this-alias, typescript/no-this-alias -- walks down from here
    let set: FieldSet = this;
    for (const element of path.slice(0, -1)) set = set.child(element);
    set.members.add(last);
  }

  has(path: readonly PathElement[]): boolean {
    const [first, ...rest] = path;
    if (first === undefined) return false;
    if (rest.length === 0) return this.members.has(first);
    return this.children.get(first)?.has(rest) ?? false;
  }

  union(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const set of [this as FieldSet, other]) {
      for (const member of set.members) result.members.add(member);
    }
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      result.children.set(element, counterpart === undefined ? child : child.union(counterpart));
    }
    for (const [element, child] of other.children) {
      if (!this.children.has(element)) result.children.set(element, child);
    }
    return result;
  }

  intersection(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const member of this.members) if (other.members.has(member)) result.members.add(member);
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      if (counterpart === undefined) continue;
      const common = child.intersection(counterpart);
      if (!common.isEmpty()) result.children.set(element, common);
    }
    return result;
  }

  /** What is here and not in the other. */
  difference(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const member of this.members) if (!other.members.has(member)) result.members.add(member);
    for (const [element, child] of this.children) {
      const counterpart = other.children.get(element);
      const left = counterpart === undefined ? child : child.difference(counterpart);
      if (!left.isEmpty()) result.children.set(element, left);
    }
    return result;
  }

  /** Without the other's members and everything below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const member of this.members) if (!other.members.has(member)) result.members.add(member);
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue;
      const counterpart = other.children.get(element);
      const left = counterpart === undefined ? child : child.recursiveDifference(counterpart);
      if (!left.isEmpty()) result.children.set(element, left);
    }
    return result;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty() && other.difference(this).isEmpty();
  }

  /** All paths, sorted. */
  paths(): PathElement[][] {
    const result: PathElement[][] = [];
    const elements = [...new Set([...this.members, ...this.children.keys()])].sort(comparePathElements);
    for (const element of elements) {
      if (this.members.has(element)) result.push([element]);
      for (const below of this.children.get(element)?.paths() ?? []) result.push([element, ...below]);
    }
    return result;
  }

  toFieldsV1(): FieldsV1 {
    const fields: FieldsV1 = {};
    const elements = [...new Set([...this.members, ...this.children.keys()])].sort(comparePathElements);
    for (const element of elements) {
      const child = this.children.get(element);
      const hasBelow = child !== undefined && !child.isEmpty();
      if (!hasBelow && !this.members.has(element)) continue;
      const below: FieldsV1 = hasBelow && this.members.has(element) ? { '.': {} } : {};
      setOwn(fields, element, hasBelow ? Object.assign(below, child.toFieldsV1()) : below);
    }
    return fields;
  }

  static fromFieldsV1(fields: FieldsV1): FieldSet {
    const set = new FieldSet();
    for (const [element, below] of Object.entries(fields)) {
      if (element === '.') continue;
      const keys = Object.keys(below);
      if (keys.length === 0 || keys.includes('.')) set.members.add(element);
      if (keys.some((key) => key !== '.')) set.children.set(element, FieldSet.fromFieldsV1(below));
    }
    return set;
  }
}

const kindOrder = ['f', 'k', 'v', 'i'];

function comparePathElements(left: PathElement, right: PathElement): number {
  const byKind = kindOrder.indexOf(left[0] ?? '') - kindOrder.indexOf(right[0] ?? '');
  if (byKind !== 0) return byKind;
  if (left.startsWith('i:')) return Number(left.slice(2)) - Number(right.slice(2));
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `.spec.ports[port=80,protocol="TCP"].name`: how errors show a path. */
export function formatPath(path: readonly PathElement[]): string {
  return path
    .map((element) => {
      const text = element.slice(2);
      if (element.startsWith('f:')) return `.${text}`;
      if (element.startsWith('i:')) return `[${text}]`;
      if (element.startsWith('v:')) return `[=${text}]`;
      const keys = Object.entries(JSON.parse(text) as Record<string, unknown>);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    })
    .join('');
}
