import { builtInTypes, listType } from '../../api/registry.ts';
import type { ResourceDefinition, TypeDefinition } from '../../api/resource-definition.ts';
import { parseTypes, type TypeSource } from '../../api/type-language.ts';

/** The types of an extension's API by their names, lists included, and those that every API has. */
export function extensionTypes(
  sources: readonly TypeSource[],
  resources: readonly ResourceDefinition[],
): ReadonlyMap<string, TypeDefinition> {
  const all = new Map(builtInTypes());
  for (const type of sources.flatMap(parseTypes)) all.set(type.name, type);
  for (const { group, version, kind, type: name } of resources) {
    const gvk = { group, version, kind };
    const type = all.get(name);
    if (type !== undefined) all.set(name, { ...type, gvks: [gvk] });
    const list = listType(name, gvk);
    all.set(list.name, list);
  }
  return all;
}
