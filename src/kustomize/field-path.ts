import { KustomizeError } from './build-error.ts';
import { wrongKind, YamlNode } from './yaml-node.ts';
import { readYamlNode } from './yaml-reader.ts';

/** What a path makes where something is missing; undefined where nothing is made. */
export type MadeKind = YamlNode['kind'] | undefined;

/** The node that a path of names, indices, `-` (the last item) and `[key=value]` leads to. @throws KustomizeError */
export function lookupFieldPath(root: YamlNode, path: readonly string[]): YamlNode | undefined {
  let node: YamlNode | undefined = root;
  for (const raw of path) {
    const step = raw.trim();
    if (step === '') continue;
    node = childOf(node, step);
    if (node === undefined) return undefined;
  }
  return node;
}

function childOf(node: YamlNode, step: string): YamlNode | undefined {
  if (/^[+-]?\d+$/.test(step)) {
    const index = Number(step);
    if (index < 0) throw new KustomizeError(`array index ${index} cannot be negative`);
    return itemsOf(node)[index];
  }
  if (step === '-') return itemsOf(node).at(-1);
  if (step === '*') throw new KustomizeError('wildcard is not supported in PathGetter');
  if (isListIndex(step)) {
    const { key, value } = splitListIndex(step);
    return itemsOf(node).find((item) => (key === '' ? item.text === value : item.get(key)?.text === value));
  }
  return memberOf(node, step);
}

/**
 * All nodes that a path leads to: as above, but `*` stands for every item, and the value of `[key=value]` is a regular
 * expression. With a kind, missing fields and items are made, the last of that kind.
 * @throws KustomizeError where the path does not fit
 */
export function matchFieldPath(node: YamlNode | undefined, path: readonly string[], made: MadeKind): YamlNode[] {
  const [step, ...rest] = path;
  if (step === undefined) return node === undefined ? [] : [node];
  if (/^\d+$/.test(step)) return matchIndex(node, Number(step), rest, made);
  if (isListIndex(step)) return matchItems(node, step, rest, made);
  if (step === '*') return itemsOf(node).flatMap((item) => matchFieldPath(item, rest, made));
  return matchMember(node, step, rest, made);
}

function matchMember(node: YamlNode | undefined, name: string, rest: readonly string[], made: MadeKind): YamlNode[] {
  let member = node === undefined ? undefined : memberOf(node, name);
  if (member === undefined) {
    if (made === undefined || node === undefined) return [];
    member = newNode(kindFor(rest[0], made));
    node.set(name, member);
  }
  if (member.kind === 'scalar' && rest.length > 0) {
    // Text that is YAML is looked into, but what is found there is a copy.
    const inside = readYamlNode(member.text);
    return inside === undefined ? [] : matchFieldPath(inside, rest, made);
  }
  return matchFieldPath(member, rest, made);
}

function matchIndex(node: YamlNode | undefined, index: number, rest: readonly string[], made: MadeKind): YamlNode[] {
  const items = itemsOf(node);
  if (items.length === index && made !== undefined) items.push(newNode(kindFor(rest[0], made)));
  const item = items[index];
  if (item === undefined) {
    throw new KustomizeError(`index ${index} specified but only ${items.length} elements found`);
  }
  return matchFieldPath(item, rest, made);
}

function matchItems(node: YamlNode | undefined, step: string, rest: readonly string[], made: MadeKind): YamlNode[] {
  const { key, value } = splitListIndex(step);
  const pattern = new RegExp(value);
  const items = itemsOf(node);
  const find = (): YamlNode[] =>
    items.flatMap((item) => {
      if (key === '') return pattern.test(shown(item)) ? [item] : [];
      const field = item.get(key);
      return field !== undefined && pattern.test(shown(field)) ? matchFieldPath(item, rest, made) : [];
    });
  const found = find();
  if (found.length > 0 || made === undefined || node === undefined) return found;
  if (key === '') {
    items.push(YamlNode.scalar(value));
  } else {
    const item = YamlNode.mapping();
    item.set(key, YamlNode.scalar(value));
    items.push(item);
  }
  return find();
}

/** A scalar as it is written: quotes count for expressions with anchors. */
function shown(node: YamlNode): string {
  return node.quoted ? `"${node.text}"` : node.text;
}

function itemsOf(node: YamlNode | undefined): YamlNode[] {
  if (node === undefined || node.isNull) return [];
  if (node.kind !== 'sequence') throw wrongKind(node, 'sequence');
  return node.items;
}

function memberOf(node: YamlNode, name: string): YamlNode | undefined {
  if (node.isNull) return undefined;
  if (node.kind !== 'mapping') throw wrongKind(node, 'mapping');
  return node.fields.get(name);
}

function isListIndex(step: string): boolean {
  return step.startsWith('[') && step.endsWith(']');
}

function splitListIndex(step: string): { readonly key: string; readonly value: string } {
  const inside = step.slice(1, -1);
  const sign = inside.indexOf('=');
  if (sign < 0) {
    throw new KustomizeError('list path element must contain fieldName=fieldValue for element to match');
  }
  return { key: inside.slice(0, sign), value: inside.slice(sign + 1) };
}

function kindFor(next: string | undefined, made: YamlNode['kind']): YamlNode['kind'] {
  if (next === undefined || next === '') return made;
  return isListIndex(next) || /^\d+$/.test(next) ? 'sequence' : 'mapping';
}

function newNode(kind: YamlNode['kind']): YamlNode {
  if (kind === 'scalar') return YamlNode.scalar('');
  return kind === 'mapping' ? YamlNode.mapping() : YamlNode.sequence();
}
