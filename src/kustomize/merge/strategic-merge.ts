import { KustomizeError } from '../build-error.ts';
import { compareTexts } from '../resource-id.ts';
import { wrongKind, type YamlNode } from '../yaml-node.ts';
import { mergeListItems } from './list-merge.ts';
import type { MergeSchema, MergeSchemas } from './merge-schema.ts';

type Directive = 'merge' | 'replace' | 'delete';

/**
 * Merges a patch into an object, which is changed, by the rules of kustomize (kyaml's merge2): null removes, `$patch`
 * says otherwise, lists with merge keys merge with the patch's items first. Undefined when nothing is left.
 * @throws KustomizeError where kinds of nodes do not fit
 */
export function mergePatch(patch: YamlNode, target: YamlNode, schemas: MergeSchemas): YamlNode | undefined {
  return new Merger(schemas).merge(target, patch, undefined);
}

/** Merges two nodes, one of which may be missing. */
export type NodeMerge = (
  target: YamlNode | undefined,
  patch: YamlNode | undefined,
  schema: MergeSchema | undefined,
) => YamlNode | undefined;

class Merger {
  readonly #schemas: MergeSchemas;

  constructor(schemas: MergeSchemas) {
    this.#schemas = schemas;
  }

  readonly merge: NodeMerge = (target, patch, given) => {
    const sources = [target, patch].filter((node) => node !== undefined && !node.isNull);
    const schema = given ?? this.#schemaOf(sources);
    const kind = sources[0]?.kind ?? 'mapping';
    for (const source of sources) if (source !== undefined && source.kind !== kind) throw wrongKind(source, kind);
    if (kind === 'scalar') return patch ?? target;
    if (kind === 'mapping') return this.#mergeMaps(target, patch, schema);
    if (schema?.mergeKeys === undefined) return patch ?? target;
    return this.#mergeLists(target, patch, schema, schema.mergeKeys);
  };

  #schemaOf(sources: readonly (YamlNode | undefined)[]): MergeSchema | undefined {
    for (const source of sources) {
      const kind = source?.get('kind')?.text ?? '';
      const apiVersion = source?.get('apiVersion')?.text ?? '';
      const schema = kind === '' || apiVersion === '' ? undefined : this.#schemas(apiVersion, kind);
      if (schema !== undefined) return schema;
    }
    return undefined;
  }

  #mergeMaps(
    target: YamlNode | undefined,
    patch: YamlNode | undefined,
    schema: MergeSchema | undefined,
  ): YamlNode | undefined {
    const merged = mapToFill(target, patch);
    if (merged === undefined || merged.kind !== 'mapping') return merged;
    const names = new Set([...merged.fields.keys(), ...(patch?.fields.keys() ?? [])]);
    for (const name of [...names].sort(compareTexts)) {
      const value = this.merge(merged.get(name), patch?.get(name), schema?.field(name));
      if (value === undefined || (value.isNull && !isKept(value, patch?.get(name)))) merged.fields.delete(name);
      else if (value !== merged.get(name)) merged.set(name, value);
    }
    return merged;
  }

  #mergeLists(
    target: YamlNode | undefined,
    patch: YamlNode | undefined,
    schema: MergeSchema,
    keys: readonly string[],
  ): YamlNode | undefined {
    const merged = listToFill(target, patch);
    if (merged === undefined) return undefined;
    const merge: NodeMerge = (left, right) => this.merge(left, right, schema.items());
    return mergeListItems(merged, patch, keys, merge);
  }
}

/** A null that the patch says nothing of stays, where it was written out. */
function isKept(value: YamlNode, patch: YamlNode | undefined): boolean {
  return patch === undefined && value.text !== '';
}

function mapToFill(target: YamlNode | undefined, patch: YamlNode | undefined): YamlNode | undefined {
  if (target === undefined || target.isNull) {
    if (patch?.kind === 'mapping' && directiveOf(patch) === 'delete') return undefined;
    if (patch === undefined && target !== undefined && target.text !== '') return target;
    return patch;
  }
  if (patch === undefined) return target;
  if (patch.isNull) return undefined;
  const directive = directiveOf(patch);
  if (directive === 'delete') return undefined;
  return directive === 'replace' ? patch : target;
}

function listToFill(target: YamlNode | undefined, patch: YamlNode | undefined): YamlNode | undefined {
  if (target === undefined || target.isNull) return patch;
  if (patch === undefined) return target;
  if (patch.isNull) return undefined;
  const element = patch.items.find((item) => item.fields.has('$patch'));
  if (element === undefined || element.fields.size > 1) return target;
  const directive = directiveNamed(element.get('$patch')?.text ?? '');
  const isDirective = (item: YamlNode): boolean => item.get('$patch')?.text === directive;
  patch.items = patch.items.filter((item) => !isDirective(item));
  if (directive === 'delete') return undefined;
  return directive === 'replace' ? patch : target;
}

/** Takes `$patch` out of a map. */
function directiveOf(patch: YamlNode): Directive {
  const node = patch.get('$patch');
  if (node === undefined) return 'merge';
  const directive = directiveNamed(node.text);
  patch.fields.delete('$patch');
  return directive;
}

function directiveNamed(text: string): Directive {
  if (text === 'merge' || text === 'replace' || text === 'delete') return text;
  throw new KustomizeError(`unknown patch strategy '${text}'`);
}
