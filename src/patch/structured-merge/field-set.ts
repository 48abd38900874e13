import { isJsonObject, setOwn } from '../../apimachinery/json.ts';
import { comparePathElements, type PathElement, readPathElement } from './path-element.ts';

/** FieldsV1 as JSON: an empty object is a member; `.` marks a member that has others below it. */
export type FieldsV1 = { [element: string]: FieldsV1 };

/** One step of a set: whether the path that ends here belongs to it, and what lies below. Never neither. */
interface FieldNode {
  readonly isMember: boolean;
  readonly below: FieldSet | undefined;
}

const memberOnly: FieldNode = { isMember: true, below: undefined };

/** A set of paths, as a tree. Its operations return new sets and share what did not change. */
export class FieldSet {
  readonly #nodes = new Map<PathElement, FieldNode>();

  /** A set of paths. */
  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Adds a path; the empty path cannot be a member. Only for a set that nobody else holds yet. */
  insert(path: readonly PathElement[], from = 0): void {
    const element = path[from];
    if (element === undefined) return;
    const node = this.#nodes.get(element);
    if (from === path.length - 1) {
      this.#nodes.set(element, node === undefined ? memberOnly : { isMember: true, below: node.below });
      return;
    }
    const below = node?.below ?? new FieldSet();
    below.insert(path, from + 1);
    this.#nodes.set(element, { isMember: node?.isMember === true, below });
  }

  /** Says what stands at one step; nothing is kept of a step that is no member and has nothing below. */
  put(element: PathElement, isMember: boolean, below: FieldSet | undefined): void {
    const kept = below === undefined || below.isEmpty() ? undefined : below;
    if (kept !== undefined) this.#nodes.set(element, { isMember, below: kept });
    else if (isMember) this.#nodes.set(element, memberOnly);
  }

  /** Whether the path of this one step is a member. */
  hasElement(element: PathElement): boolean {
    return this.#nodes.get(element)?.isMember === true;
  }

  /** Whether a path is a member. */
  has(path: readonly PathElement[]): boolean {
    const last = path.length - 1;
    let below: FieldSet | undefined = this.below(path.slice(0, -1));
    return last >= 0 && below?.hasElement(path[last] ?? '') === true;
  }

  /** What lies below a path. */
  below(path: readonly PathElement[]): FieldSet | undefined {
    // oxlint-disable-next-line no-this-alias, typescript/no-this-alias -- walks down from here
    let set: FieldSet | undefined = this;
    for (const element of path) set = set?.childOf(element);
    return set;
  }

  /** What lies below one step. */
  childOf(element: PathElement): FieldSet | undefined {
    return this.#nodes.get(element)?.below;
  }

  /** The steps of the first level, in no order: the step, whether it is a member, what lies below. */
  *entries(): Generator<readonly [element: PathElement, isMember: boolean, below: FieldSet | undefined]> {
    for (const [element, { isMember, below }] of this.#nodes) yield [element, isMember, below];
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty() || this === other) return other;
    if (other.isEmpty()) return this;
    const result = new FieldSet();
    for (const [element, node] of this.#nodes) result.#nodes.set(element, node);
    for (const [element, node] of other.#nodes) {
      const own = this.#nodes.get(element);
      if (own === undefined) result.#nodes.set(element, node);
      else result.put(element, own.isMember || node.isMember, own.below?.union(node.below ?? none) ?? node.below);
    }
    return result;
  }

  intersection(other: FieldSet): FieldSet {
    const result = new FieldSet();
    for (const [element, node] of this.#nodes) {
      const counterpart = other.#nodes.get(element);
      if (counterpart === undefined) continue;
      result.put(
        element,
        node.isMember && counterpart.isMember,
        counterpart.below === undefined ? undefined : node.below?.intersection(counterpart.below),
      );
    }
    return result;
  }

  /** What is here and not in the other; a member of the other does not take what lies below it. */
  difference(other: FieldSet): FieldSet {
    return this.#minus(other, false);
  }

  /** Without the other's members and everything below them. */
  recursiveDifference(other: FieldSet): FieldSet {
    return this.#minus(other, true);
  }

  #minus(other: FieldSet, takesBelow: boolean): FieldSet {
    if (this.isEmpty() || other.isEmpty()) return this;
    const result = new FieldSet();
    for (const [element, node] of this.#nodes) {
      const counterpart = other.#nodes.get(element);
      if (counterpart === undefined) {
        result.#nodes.set(element, node);
        continue;
      }
      if (counterpart.isMember && takesBelow) continue;
      const less = counterpart.below;
      const below = node.below === undefined || less === undefined ? node.below : node.below.#minus(less, takesBelow);
      result.put(element, node.isMember && !counterpart.isMember, below);
    }
    return result;
  }

  /**
   * Only what lies under one of the patterns; `*` in a pattern is any step, and everything below a pattern's end counts.
   * Members on the way to it are kept too, as structured-merge-diff's include filters keep them.
   */
  onlyUnder(patterns: readonly (readonly PathElement[])[]): FieldSet {
    const result = new FieldSet();
    for (const [element, node] of this.#nodes) {
      const rests = patterns.filter(([first]) => first === '*' || first === element).map((pattern) => pattern.slice(1));
      if (rests.length === 0) continue;
      const isWhole = rests.some((rest) => rest.length === 0);
      result.put(element, node.isMember, isWhole ? node.below : node.below?.onlyUnder(rests));
    }
    return result;
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.#nodes.size !== other.#nodes.size) return false;
    for (const [element, node] of this.#nodes) {
      const counterpart = other.#nodes.get(element);
      if (counterpart === undefined || counterpart.isMember !== node.isMember) return false;
      if (!(node.below ?? none).equals(counterpart.below ?? none)) return false;
    }
    return true;
  }

  /** All paths in the order in which conflicts are told: the members of a level, then what lies below each. */
  paths(): PathElement[][] {
    const elements = [...this.#nodes.keys()].sort(comparePathElements);
    const result = elements.filter((element) => this.hasElement(element)).map((element) => [element]);
    for (const element of elements) {
      for (const path of this.childOf(element)?.paths() ?? []) result.push([element, ...path]);
    }
    return result;
  }

  toFieldsV1(): FieldsV1 {
    const fields: FieldsV1 = {};
    for (const element of [...this.#nodes.keys()].sort(comparePathElements)) {
      const { isMember, below } = this.#nodes.get(element) ?? memberOnly;
      if (below === undefined) setOwn(fields, element, {});
      else setOwn(fields, element, isMember ? { '.': {}, ...below.toFieldsV1() } : below.toFieldsV1());
    }
    return fields;
  }

  /** @throws Error for a step that cannot be read; steps of an unknown kind are left out. */
  static fromFieldsV1(fields: FieldsV1): FieldSet {
    const set = new FieldSet();
    const value: unknown = fields;
    if (value !== null && !isJsonObject(value)) throw new Error('the fields below a field are no object');
    for (const key in fields) {
      if (key === '.' || !Object.hasOwn(fields, key)) continue;
      const element = readPathElement(key);
      const content = fields[key];
      if (element === undefined || content === undefined) continue;
      set.put(element, isMemberContent(content), FieldSet.fromFieldsV1(content));
    }
    return set;
  }

  /** Whether any member is one of a set that is still FieldsV1: cheaper than reading that. */
  touches(fields: FieldsV1): boolean {
    for (const [element, node] of this.#nodes) {
      if (!Object.hasOwn(fields, element)) continue;
      const content = fields[element];
      if (content === undefined) continue;
      if (node.isMember && isMemberContent(content)) return true;
      if (node.below?.touches(content) === true) return true;
    }
    return false;
  }
}

/** The set of no paths. */
const none = new FieldSet();

function isMemberContent(content: FieldsV1): boolean {
  for (const key in content) if (Object.hasOwn(content, key)) return Object.hasOwn(content, '.');
  return true;
}
