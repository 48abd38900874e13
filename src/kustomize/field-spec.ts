import { KustomizeError, wrapped } from './build-error.ts';
import { formatId, type GvkSelector, isSelectedGvk, splitApiVersion } from './resource-id.ts';
import { YamlNode } from './yaml-node.ts';

/** A field of the kinds that a selector names; `create` makes it where it is missing. */
export interface FieldSpec extends GvkSelector {
  /** `spec/template/metadata/labels`; lists on the way are gone through, `[]` after a name says that it is one. */
  readonly path?: string;
  readonly create?: boolean;
}

/** What to make of a field that is missing: its kind and its tag. */
export interface FieldCreation {
  readonly kind: YamlNode['kind'];
  readonly tag: string;
}

/** Adds specs that are not there yet. @throws KustomizeError for one that is, with another `create` */
export function mergeFieldSpecs(specs: readonly FieldSpec[], more: readonly FieldSpec[]): FieldSpec[] {
  const merged = [...specs];
  for (const spec of more) {
    const { group = '', version = '', kind = '', path = '' } = spec;
    const same = merged.find(
      (known) =>
        (known.path ?? '') === path &&
        isSelectedGvk(
          { group: known.group ?? '', version: known.version ?? '', kind: known.kind ?? '' },
          { group, version, kind },
        ),
    );
    if (same === undefined) merged.push(spec);
    else if ((same.create ?? false) !== (spec.create ?? false)) throw new KustomizeError('conflicting fieldspecs');
  }
  return merged;
}

/** Splits a path; a delimiter behind a backslash belongs to its part. */
export function splitPath(path: string, delimiter: string): string[] {
  const parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === '') parts.shift();
  const result: string[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.endsWith('\\')) result[result.length - 1] = `${last.slice(0, -1)}${delimiter}${part}`;
    else result.push(part);
  }
  return result;
}

/**
 * Splits a dotted path: `[name=a.b]` stays whole with its brackets, and `[a.b/c]` without `=` is the name of a field.
 */
export function splitFieldPath(path: string): string[] {
  const split = splitPath(path, '.');
  const result: string[] = [];
  for (let index = 0; index < split.length; index++) {
    const part = split[index] ?? '';
    if (!part.startsWith('[') || part.endsWith(']')) {
      result.push(part);
      continue;
    }
    const bracketed = [part];
    while (index < split.length - 1) {
      const next = split[++index] ?? '';
      bracketed.push(next);
      if (next.endsWith(']')) break;
    }
    const whole = bracketed.join('.');
    result.push(whole.includes('=') ? whole : whole.replace(/^[[\]]+|[[\]]+$/g, ''));
  }
  return result;
}

/** The texts of an object's `apiVersion`, `kind`, name and namespace. */
export function idOfNode(node: YamlNode): {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
} {
  const metaText = (name: string): string => {
    const value = node.lookup('metadata', name);
    return value === undefined || value.isEmpty ? '' : value.text;
  };
  return {
    ...splitApiVersion(node.get('apiVersion')?.text ?? ''),
    kind: node.get('kind')?.text ?? '',
    name: metaText('name'),
    namespace: metaText('namespace'),
  };
}

/**
 * Calls back with every node that the spec's path leads to in an object of its kind.
 * @throws KustomizeError where a path goes through something that is neither list nor map
 */
export function visitField(
  object: YamlNode,
  spec: FieldSpec,
  visit: (node: YamlNode) => void,
  creation?: FieldCreation,
): void {
  if (!isSelectedGvk(idOfNode(object), spec)) return;
  try {
    walk(object, splitPath(spec.path ?? '', '/'), spec.create === true ? creation : undefined, visit);
  } catch (error) {
    throw wrapped(`considering field '${spec.path ?? ''}' of object ${formatId(idOfNode(object))}`, error);
  }
}

function walk(
  node: YamlNode,
  path: readonly string[],
  creation: FieldCreation | undefined,
  visit: (node: YamlNode) => void,
): void {
  const [step, ...rest] = path;
  if (step === undefined) {
    visit(node);
    return;
  }
  if (node.isNull) return;
  if (node.kind === 'sequence') {
    try {
      for (const item of node.items) walk(item, path, creation, visit);
    } catch (error) {
      throw wrapped(`visit traversal on path: [${path.join(' ')}]`, error);
    }
    return;
  }
  if (node.kind === 'scalar') throw new KustomizeError('expected sequence or mapping node');
  const isList = step.endsWith('[]');
  const name = isList ? step.slice(0, -2) : step;
  if (name === '') throw new KustomizeError('cannot set or create an empty field name');
  const made = isList ? undefined : creation;
  let field = node.fields.get(name);
  if (field === undefined) {
    if (made === undefined) return;
    field = rest.length === 0 ? nodeOf(made) : YamlNode.mapping();
    node.fields.set(name, field);
  } else if (field.isNull) {
    if (isList) field.become(YamlNode.sequence());
    else if (made !== undefined) field.become(rest.length === 0 ? nodeOf(made) : YamlNode.mapping());
  }
  walk(field, rest, creation, visit);
}

function nodeOf({ kind, tag }: FieldCreation): YamlNode {
  if (kind === 'scalar') return YamlNode.scalar('', tag);
  return kind === 'mapping' ? YamlNode.mapping() : YamlNode.sequence();
}
