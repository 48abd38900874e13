import { type FieldSpec, visitField } from '../field-spec.ts';
import { compareTexts } from '../resource-id.ts';
import { wrongKind, YamlNode } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Sets labels, selectors or annotations: texts in the maps that the specs lead to. */
export function mapEntriesTransformer(
  texts: Readonly<Record<string, string>>,
  fieldSpecs: readonly FieldSpec[],
): Transformer {
  const keys = Object.keys(texts).sort(compareTexts);
  return (map) => {
    for (const { node } of map.resources) {
      for (const key of keys) {
        for (const spec of fieldSpecs) {
          const set = (target: YamlNode): void => {
            if (target.isNull) return;
            if (target.kind !== 'mapping') throw wrongKind(target, 'mapping');
            target.set(key, YamlNode.string(texts[key] ?? ''));
          };
          visitField(node, spec, set, { kind: 'mapping', tag: '!!map' });
        }
      }
    }
  };
}
