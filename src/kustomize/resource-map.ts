import { goQuote } from '../apimachinery/field-error.ts';
import { KustomizeError } from './build-error.ts';
import { note, type Resource } from './resource.ts';
import { effectiveNamespace, formatId, isClusterScoped, type ResourceId, sameId } from './resource-id.ts';
import { YamlNode } from './yaml-node.ts';

type IdMatcher = (id: ResourceId) => boolean;

/** The objects of a build in the order in which they came; no two have the same id. */
export class ResourceMap {
  #resources: Resource[] = [];

  get resources(): readonly Resource[] {
    return this.#resources;
  }

  /** Puts others in their place, unchecked. */
  replaceAll(resources: readonly Resource[]): void {
    this.#resources = [...resources];
  }

  /** @throws KustomizeError for an id that is there */
  append(resource: Resource): void {
    const id = resource.currentId;
    if (this.withCurrentId(id).length > 0) {
      throw new KustomizeError(`may not add resource with an already registered id: ${formatId(id)}`);
    }
    this.#resources.push(resource);
  }

  appendAll(resources: Iterable<Resource>): void {
    for (const resource of resources) this.append(resource);
  }

  /** Those that an id names now. */
  withCurrentId(id: ResourceId): Resource[] {
    return this.#resources.filter((resource) => resource.isOrWasCalled(id.name) && sameId(id, resource.currentId));
  }

  /** Those with a name, now or before, and an id with it that matches. */
  withAnyId(name: string, matches: IdMatcher): Resource[] {
    return this.#resources.filter(
      (resource) =>
        resource.isOrWasCalled(name) &&
        !resource.isEmpty &&
        [...resource.previousIds, resource.currentId].some((id) => id.name === name && matches(id)),
    );
  }

  /** The one with an id. @throws KustomizeError where there is none or more than one */
  withId(id: ResourceId): Resource {
    const matches = this.withAnyId(id.name, (other) => sameId(id, other));
    const [only] = matches;
    if (only !== undefined && matches.length === 1) return only;
    const problem = `${only === undefined ? 'no' : 'multiple'} matches for Id ${formatId(id)}`;
    throw new KustomizeError(`${problem}; failed to find unique target for patch ${formatId(id)}`);
  }

  /** Adds a generated object, or merges it into the one with its id, as its behavior says. @throws KustomizeError */
  absorb(resource: Resource): void {
    const id = resource.currentId;
    const matches = this.withAnyId(id.name, (other) => sameId(id, other));
    const { behavior } = resource;
    const [old] = matches;
    if (old === undefined) {
      if (behavior === 'merge' || behavior === 'replace') {
        throw new KustomizeError(`id ${goId(id)} does not exist; cannot merge or replace`);
      }
      this.append(resource);
      return;
    }
    if (matches.length > 1) {
      const shown = matches.map((match) => match.toString()).join(' ');
      throw new KustomizeError(`found multiple objects [${shown}] that could accept merge of ${formatId(id)}`);
    }
    if (behavior === 'merge') {
      const origin = old.annotations.get('config.kubernetes.io/origin');
      resource.mergeMetadataFrom(old);
      for (const field of ['data', 'binaryData']) mergeTexts(resource, old, field);
      if (origin !== undefined) {
        resource.setAnnotations(resource.annotations.set('config.kubernetes.io/origin', origin));
      }
    } else if (behavior === 'replace') {
      resource.mergeMetadataFrom(old);
    } else {
      throw new KustomizeError(
        `id ${goId(id)} exists; can not use behavior: '${behavior}', behavior must be merge or replace`,
      );
    }
    this.#resources[this.#resources.indexOf(old)] = resource;
  }
}

/** Tells which objects another one may name: those of its namespace, of none, or of those that a role binding says. */
export function referrableBy(referrer: Resource): (resource: Resource) => boolean {
  const id = referrer.currentId;
  if (isClusterScoped(id)) return () => true;
  const namespace = effectiveNamespace(id);
  const bound = boundNamespaces(referrer);
  return ({ currentId }) =>
    isClusterScoped(currentId) || effectiveNamespace(currentId) === namespace || bound.has(currentId.namespace);
}

/** The namespaces of the service accounts that a role binding names. */
function boundNamespaces(referrer: Resource): Set<string> {
  const namespaces = new Set<string>();
  if (referrer.kind !== 'RoleBinding') return namespaces;
  for (const subject of referrer.node.get('subjects')?.items ?? []) {
    const namespace = subject.get('namespace');
    if (namespace === undefined || subject.get('kind')?.text !== 'ServiceAccount') continue;
    if (namespace.isNull) {
      throw new KustomizeError(
        `Invalid Input: namespace is blank for resource ${goQuote(formatId(referrer.currentId))}`,
      );
    }
    namespaces.add(namespace.text);
  }
  return namespaces;
}

function mergeTexts(resource: Resource, old: Resource, field: string): void {
  const texts = new Map([
    ...(old.node.get(field)?.texts() ?? new Map<string, string>()),
    ...(resource.node.get(field)?.texts() ?? new Map<string, string>()),
  ]);
  resource.node.fields.delete(field);
  if (texts.size === 0) return;
  const map = YamlNode.mapping();
  for (const [key, text] of texts) map.fields.set(key, YamlNode.string(text));
  resource.node.fields.set(field, map);
}

/** An id in Go's own syntax. */
function goId(id: ResourceId): string {
  const { group, version, kind, name, namespace } = id;
  const gvk = `Group:${JSON.stringify(group)}, Version:${JSON.stringify(version)}, Kind:${JSON.stringify(kind)}, isClusterScoped:${isClusterScoped(id)}`;
  return `resid.ResId{Gvk:resid.Gvk{${gvk}}, Name:${JSON.stringify(name)}, Namespace:${JSON.stringify(namespace)}}`;
}

/** Whether a generated object wants a hash behind its name. */
export function needsHash(resource: Resource): boolean {
  return resource.isEnabled(note.needsHash);
}
