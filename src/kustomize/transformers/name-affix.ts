import { type FieldSpec, visitField } from '../field-spec.ts';
import { type GvkSelector, isSelectedGvk } from '../resource-id.ts';
import { yamlTag } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Kinds whose names mean more than a name: they stay as they are. */
const untouched: readonly GvkSelector[] = [
  { kind: 'CustomResourceDefinition' },
  { group: 'apiregistration.k8s.io', kind: 'APIService' },
  { kind: 'Namespace' },
];

/** Puts text before names, or behind them. */
export function affixTransformer(
  where: 'prefix' | 'suffix',
  text: string,
  fieldSpecs: readonly FieldSpec[],
): Transformer {
  return (map) => {
    for (const resource of map.resources) {
      const id = resource.originalId;
      if (untouched.some((kind) => isSelectedGvk(id, kind))) continue;
      for (const spec of fieldSpecs) {
        if (!isSelectedGvk(id, spec)) continue;
        if (spec.path === 'metadata/name') {
          if (where === 'prefix') resource.addPrefix(text);
          else resource.addSuffix(text);
          if (text !== '') resource.storePreviousId();
        }
        visitField(
          resource.node,
          spec,
          (node) => node.setScalar(where === 'prefix' ? `${text}${node.text}` : `${node.text}${text}`),
          { kind: 'scalar', tag: yamlTag.string },
        );
      }
    }
  };
}
