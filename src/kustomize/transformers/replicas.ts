import { KustomizeError } from '../build-error.ts';
import { type FieldSpec, visitField } from '../field-spec.ts';
import { formatGvk, isSelectedGvk } from '../resource-id.ts';
import { yamlTag } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Says how many replicas the object of a name shall have. */
export function replicasTransformer(
  name: string,
  count: number | bigint,
  fieldSpecs: readonly FieldSpec[],
): Transformer {
  return (map) => {
    let isFound = false;
    for (const spec of fieldSpecs) {
      for (const { node } of map.withAnyId(name, (id) => isSelectedGvk(id, spec))) {
        isFound = true;
        visitField(node, spec, (replicas) => replicas.setScalar(`${count}`, yamlTag.integer), {
          kind: 'scalar',
          tag: yamlTag.integer,
        });
      }
    }
    if (isFound) return;
    const kinds = fieldSpecs.map((spec) => formatGvk(spec)).join(' ');
    throw new KustomizeError(`resource with name ${name} does not match a config with the following GVK [${kinds}]`);
  };
}
