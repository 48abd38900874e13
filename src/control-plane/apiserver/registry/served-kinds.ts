import type { GroupVersionKind } from '../../../apimachinery/gvk.ts';
import { cloneJson, type JsonObject } from '../../../apimachinery/json.ts';
import { resolveSchema } from '../../../apimachinery/schema.ts';
import type { ServedKinds } from '../../admission/admission-plugin.ts';
import { applyDefaults, typedObject } from '../decoding/object-body.ts';
import { type ApiResource, fromStorage, type ResourceRegistry, toStorage } from './api-resource.ts';

/** What admission gets to know of the kinds in a registry. */
export function servedKinds(registry: () => ResourceRegistry): ServedKinds {
  const resourceOf = ({ group, version, kind }: GroupVersionKind): ApiResource | undefined =>
    registry().findKind(group, version, kind);
  return {
    find(kind) {
      const resource = resourceOf(kind);
      if (resource === undefined) return undefined;
      const { types, definition, gvk } = resource;
      return {
        schema: resolveSchema({ ref: definition.type }, types),
        types,
        read(value) {
          const object = typedObject(value, gvk, resource, { gvk, type: definition.type }, () => undefined);
          applyDefaults(object, resource);
          return object;
        },
      };
    },
    equivalents({ group, version, resource }, subresource) {
      const asked = registry().find(group, version, resource);
      if (asked === undefined) return [];
      return registry()
        .all()
        .filter((other) => other !== asked && other.prefix === asked.prefix)
        .flatMap(({ gvk, definition }) => {
          const inside = definition.subresources.find(({ name }) => name === subresource);
          if (subresource !== '' && inside === undefined) return [];
          const served = { group: gvk.group, version: gvk.version, resource: definition.resource };
          return [{ resource: served, kind: inside?.kind ?? gvk }];
        });
    },
    convert(object, from, to) {
      const isSame = from.group === to.group && from.version === to.version && from.kind === to.kind;
      const [source, target] = [resourceOf(from), resourceOf(to)];
      if (isSame || source === undefined || target === undefined) return object;
      const copy = cloneJson(object as unknown as JsonObject) as unknown as typeof object;
      return fromStorage(target, toStorage(source, copy));
    },
  };
}
