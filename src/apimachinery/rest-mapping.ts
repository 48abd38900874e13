import type { DiscoveredGroup, DiscoveredResource } from './discovery-document.ts';
import { formatGroupVersion, type GroupVersionKind, type GroupVersionResource, gvkText, gvrText } from './gvk.ts';

/** How a kind is reached: its resource and whether it lives in a namespace. */
export interface RestMapping {
  readonly gvk: GroupVersionKind;
  readonly gvr: GroupVersionResource;
  readonly namespaced: boolean;
  /** What discovery tells besides. */
  readonly resource: DiscoveredResource;
}

/** No resource or kind of that name; it may come to exist, so that a caller may ask the server again. */
export class NoMatchError extends Error {}

/** Several resources or kinds fit, and none is preferred. */
export class AmbiguousMatchError extends Error {}

/**
 * Splits `deployments.v1.apps`, `deployments.apps` or `deploy`: the reading with a version, where there are two dots,
 * and the one without (schema.ParseResourceArg).
 */
export function parseResourceArgument(text: string): {
  readonly versioned: GroupVersionResource | undefined;
  readonly resource: string;
  readonly group: string;
} {
  const [first = '', second = '', ...rest] = text.split('.');
  const versioned = rest.length === 0 ? undefined : { group: rest.join('.'), version: second, resource: first };
  const dot = text.indexOf('.');
  if (dot < 0) return { versioned, resource: text, group: '' };
  return { versioned, resource: text.slice(0, dot), group: text.slice(dot + 1) };
}

/**
 * Finds kinds and resources by what a person writes and what an object says, over what discovery told
 * (apimachinery's meta.RESTMapper with client-go's discovery mapper and kubectl's short names around it).
 * Groups come in the server's order: earlier groups win, and in a group its preferred version.
 */
export class RestMapper {
  readonly #groups: readonly DiscoveredGroup[];
  readonly #resources: readonly DiscoveredResource[];
  /** Kinds that were found, as a folder of manifests asks for the same ones again and again. */
  readonly #chosen = new Map<string, RestMapping>();

  readonly #onAmbiguity: (text: string) => void;
  readonly #toldOf = new Set<string>();

  /** @param onAmbiguity told once of each resource that a short name means too, but that does not get it */
  constructor(groups: readonly DiscoveredGroup[], onAmbiguity: (text: string) => void = () => undefined) {
    this.#groups = groups;
    this.#onAmbiguity = onAmbiguity;
    this.#resources = groups.flatMap(({ versions }) => versions.flatMap(({ resources }) => resources ?? []));
  }

  /** Everything discovery told, in its order. */
  get resources(): readonly DiscoveredResource[] {
    return this.#resources;
  }

  get groups(): readonly DiscoveredGroup[] {
    return this.#groups;
  }

  /**
   * The mapping for a resource argument: plural, singular, short name or kind, with group or version and group.
   * @throws NoMatchError `the server doesn't have a resource type "x"`, AmbiguousMatchError
   */
  mappingForArgument(text: string): RestMapping {
    const { versioned, resource, group } = parseResourceArgument(text);
    const kind =
      (versioned === undefined ? undefined : this.#findKind(versioned)) ??
      this.#findKind({ group, version: '', resource });
    if (kind !== undefined) return this.mappingForKind(kind, kind.version);
    const mapping = this.#mappingForKindArgument(text);
    if (mapping !== undefined) return mapping;
    throw new NoMatchError(`the server doesn't have a resource type "${resource}"`);
  }

  #findKind(partial: GroupVersionResource): GroupVersionKind | undefined {
    try {
      return this.kindFor(partial);
    } catch (error) {
      if (error instanceof NoMatchError || error instanceof AmbiguousMatchError) return undefined;
      throw error;
    }
  }

  #mappingForKindArgument(text: string): RestMapping | undefined {
    const { versioned, resource: kind, group } = parseResourceArgument(text);
    if (versioned !== undefined) {
      const exact = { group: versioned.group, kind: versioned.resource };
      const mapping = this.#choose(exact, versioned.version);
      if (mapping !== undefined) return mapping;
    }
    return this.#choose({ group, kind });
  }

  /** The kind of a resource, of which group and version may be left empty. @throws NoMatchError, AmbiguousMatchError */
  kindFor(partial: GroupVersionResource): GroupVersionKind {
    const found = this.#matching(this.#expandShortName(partial));
    if (found.length === 0) throw new NoMatchError(`no matches for ${gvrText(partial)}`);
    const kinds = found.map(gvkOfResource);
    const best = this.#preferred(found);
    if (best.length === 1 && best[0] !== undefined) return gvkOfResource(best[0]);
    throw new AmbiguousMatchError(`${gvrText(partial)} matches multiple kinds [${kinds.map(gvkText).join(' ')}]`);
  }

  /** The resource in full. @throws NoMatchError, AmbiguousMatchError */
  resourceFor(partial: GroupVersionResource): GroupVersionResource {
    const found = this.#matching(this.#expandShortName(partial));
    if (found.length === 0) throw new NoMatchError(`no matches for ${gvrText(partial)}`);
    const best = this.#preferred(found);
    if (best.length === 1 && best[0] !== undefined) return gvrOfResource(best[0]);
    const all = found.map((resource) => gvrText(gvrOfResource(resource))).join(' ');
    throw new AmbiguousMatchError(`${gvrText(partial)} matches multiple resources [${all}]`);
  }

  /** All resources that are meant, in the order of the server's groups. */
  resourcesFor(partial: GroupVersionResource): readonly GroupVersionResource[] {
    return this.#matching(this.#expandShortName(partial)).map(gvrOfResource);
  }

  /**
   * The mapping of a kind, in the version given or else the preferred one.
   * @throws NoMatchError `no matches for kind "X" in version "example.com/v1"`
   */
  mappingForKind(kind: { readonly group: string; readonly kind: string }, version?: string): RestMapping {
    const mapping = this.#choose(kind, version);
    if (mapping !== undefined) return mapping;
    const where =
      version === undefined || version === ''
        ? `group "${kind.group}"`
        : `version "${formatGroupVersion({ group: kind.group, version })}"`;
    throw new NoMatchError(`no matches for kind "${kind.kind}" in ${where}`);
  }

  #choose(kind: { readonly group: string; readonly kind: string }, version = ''): RestMapping | undefined {
    const key = `${kind.group}/${version}/${kind.kind}`;
    let mapping = this.#chosen.get(key);
    if (mapping === undefined) {
      mapping = this.#find(kind, version);
      if (mapping !== undefined) this.#chosen.set(key, mapping);
    }
    return mapping;
  }

  #find(kind: { readonly group: string; readonly kind: string }, version: string): RestMapping | undefined {
    const found = this.#resources.filter(
      (resource) =>
        resource.group === kind.group &&
        (resource.kind === kind.kind || resource.kind.toLowerCase() === kind.kind) &&
        (version === '' || resource.version === version),
    );
    if (found.length === 0) {
      const lists = this.#lists(({ kind: listKind }) => listKind === kind.kind);
      found.push(...lists.filter((list) => list.group === kind.group && (version === '' || list.version === version)));
    }
    const [best] = this.#preferred(found);
    if (best === undefined) return undefined;
    return { gvk: gvkOfResource(best), gvr: gvrOfResource(best), namespaced: best.namespaced, resource: best };
  }

  /** Resources of a category such as `all`, each once; undefined where no resource is in it. */
  resourcesInCategory(category: string): readonly { readonly group: string; readonly resource: string }[] | undefined {
    const members = new Map<string, { group: string; resource: string }>();
    for (const { categories, group, name } of this.#resources) {
      if (categories.includes(category)) members.set(`${name}.${group}`, { group, resource: name });
    }
    return members.size === 0 ? undefined : [...members.values()];
  }

  /** A resource's name where a short one stood, unless a resource really has that name. */
  #expandShortName(partial: GroupVersionResource): GroupVersionResource {
    const { group, version, resource } = partial;
    const isFullName = this.#resources.some(
      (candidate) =>
        (group === '' || candidate.group === group) &&
        (version === '' || candidate.version === version) &&
        (candidate.name === resource || candidate.singularName === resource),
    );
    if (isFullName) return partial;
    const having = this.#resources.filter(({ shortNames }) => shortNames.includes(resource));
    const [exact, ...others] = having.filter((candidate) => group === '' || candidate.group === group);
    for (const other of others) if (exact !== undefined) this.#tellOfOther(resource, exact, other);
    const found = exact ?? having.find((candidate) => candidate.group.startsWith(group));
    if (found === undefined) return partial;
    // As in client-go: a short name of just this group finds it in any version.
    return { group: found.group, version: exact === undefined ? version : '', resource: found.name };
  }

  #tellOfOther(shortName: string, found: DiscoveredResource, other: DiscoveredResource): void {
    if (other.group === found.group && other.name === found.name) return;
    const name = other.group === '' ? other.name : `${other.name}.${other.group}`;
    const text = `short name "${shortName}" could also match lower priority resource ${name}`;
    if (this.#toldOf.has(text)) return;
    this.#toldOf.add(text);
    this.#onAmbiguity(text);
  }

  /** A group may be given by its beginning; names are compared without regard to case. */
  #matching({ group, version, resource }: GroupVersionResource): DiscoveredResource[] {
    const name = resource.toLowerCase();
    const fits = (candidate: DiscoveredResource): boolean =>
      (name === candidate.name || name === singularOf(candidate)) &&
      (version === '' || candidate.version === version) &&
      (group === '' || (version === '' ? candidate.group.startsWith(group) : candidate.group === group));
    const found = this.#resources.filter(fits);
    if (found.length > 0 || !/lists?$/.test(name)) return found;
    return this.#lists(({ singularName }) => name === singularName || name === `${singularName}s`).filter(fits);
  }

  /**
   * Lists that fit, as if they were resources: client-go's mapper has a kind of lists beside each kind, and one of
   * anything in each version. No server serves them, which is what requests for them are told.
   */
  #lists(fits: (list: { readonly kind: string; readonly singularName: string }) => boolean): DiscoveredResource[] {
    const lists: DiscoveredResource[] = [];
    const add = (like: Pick<DiscoveredResource, 'group' | 'version' | 'namespaced'>, kind: string): void => {
      const singularName = kind.toLowerCase();
      if (!fits({ kind, singularName })) return;
      const { group, version, namespaced } = like;
      const nothing = { verbs: [], shortNames: [], categories: [], subresources: [] };
      lists.push({ group, version, name: `${singularName}s`, singularName, kind, namespaced, ...nothing });
    };
    for (const { name: group, versions } of this.#groups) {
      for (const { version, resources = [] } of versions) {
        for (const resource of resources) add(resource, `${resource.kind}List`);
        add({ group, version, namespaced: false }, 'List');
      }
    }
    return lists;
  }

  /** Narrows down to preferred versions, group by group, then to the first group that has any. */
  #preferred(found: readonly DiscoveredResource[]): readonly DiscoveredResource[] {
    let remaining = found;
    const narrow = (fits: (resource: DiscoveredResource) => boolean): void => {
      const fitting = remaining.filter(fits);
      if (remaining.length > 1 && fitting.length > 0) remaining = fitting;
    };
    for (const { name, preferredVersion } of this.#groups) {
      narrow(({ group, version }) => group === name && version === preferredVersion);
    }
    for (const { name } of this.#groups) narrow(({ group }) => group === name);
    return remaining;
  }
}

function singularOf({ singularName, kind }: DiscoveredResource): string {
  return singularName === '' ? kind.toLowerCase() : singularName;
}

function gvkOfResource({ group, version, kind }: DiscoveredResource): GroupVersionKind {
  return { group, version, kind };
}

function gvrOfResource({ group, version, name }: DiscoveredResource): GroupVersionResource {
  return { group, version, resource: name };
}
