import { stringifyGoJson } from '../../apimachinery/go-json.ts';
import { KustomizeError, wrapped } from '../build-error.ts';
import type { NameReference } from '../default-field-specs.ts';
import { visitField } from '../field-spec.ts';
import { referrableBy } from '../resource-map.ts';
import type { Resource } from '../resource.ts';
import {
  effectiveNamespace,
  formatId,
  type GvkSelector,
  isClusterScoped,
  isSelectedGvk,
  notANamespace,
} from '../resource-id.ts';
import { YamlNode } from '../yaml-node.ts';
import type { Transformer } from './transformer.ts';

/** Gives every field that names another object the name that the object has now. */
export function nameReferenceTransformer(references: readonly NameReference[]): Transformer {
  return (map) => {
    // Names do not change on the way: only what refers to them.
    const byName = namesOf(map.resources);
    for (const referrer of map.resources) {
      const id = referrer.originalId;
      let candidates: Candidates | undefined;
      for (const { fieldSpecs = [], ...target } of references) {
        for (const spec of fieldSpecs) {
          if (!isSelectedGvk(id, spec)) continue;
          candidates ??= new Candidates(map.resources, byName, referrer);
          new ReferenceField(referrer, spec.path ?? '', target, candidates).update();
        }
      }
    }
  };
}

/** All objects by the names that they had before. */
function namesOf(resources: readonly Resource[]): Map<string, Resource[]> {
  const byName = new Map<string, Resource[]>();
  for (const resource of resources) {
    for (const name of new Set(resource.previousIds.map((id) => id.name))) {
      const named = byName.get(name) ?? [];
      named.push(resource);
      byName.set(name, named);
    }
  }
  return byName;
}

/** The objects that one object may name. */
class Candidates {
  readonly #all: readonly Resource[];
  readonly #byName: ReadonlyMap<string, readonly Resource[]>;
  readonly #isReferrable: (resource: Resource) => boolean;

  constructor(all: readonly Resource[], byName: ReadonlyMap<string, readonly Resource[]>, referrer: Resource) {
    this.#all = all;
    this.#byName = byName;
    this.#isReferrable = referrableBy(referrer);
  }

  some(matches: (resource: Resource) => boolean): boolean {
    return this.#all.some((resource) => matches(resource) && this.#isReferrable(resource));
  }

  /** Those that were called so. */
  named(name: string): readonly Resource[] {
    return (this.#byName.get(name) ?? []).filter(this.#isReferrable);
  }
}

/** One field of an object that may name others of a kind. */
class ReferenceField {
  readonly #referrer: Resource;
  readonly #path: string;
  readonly #target: GvkSelector;
  readonly #candidates: Candidates;

  constructor(referrer: Resource, path: string, target: GvkSelector, candidates: Candidates) {
    this.#referrer = referrer;
    this.#path = path;
    this.#target = target;
    this.#candidates = candidates;
  }

  update(): void {
    const { node, gvk } = this.#referrer;
    try {
      visitField(node, { ...gvk, path: this.#path }, (field) => this.#set(field));
    } catch (error) {
      const id = formatId(this.#referrer.currentId);
      throw wrapped(`updating name reference in '${this.#path}' field of '${id}'`, error);
    }
  }

  #set(field: YamlNode): void {
    if (field.isNull) return;
    if (field.kind === 'scalar') this.#setScalar(field);
    else if (field.kind === 'mapping') this.#setMapping(field);
    else
      for (const item of field.items) {
        if (item.isNull) continue;
        if (item.kind === 'sequence') throw new KustomizeError('expected to be either a string or a map of string');
        this.#set(item);
      }
  }

  #setScalar(field: YamlNode): void {
    const referral = this.#select(
      field.text,
      () => true,
      (resource) => resource.name,
    );
    if (referral === undefined) return;
    referral.addReferrer(formatId(this.#referrer.currentId));
    if (referral.name !== field.text) field.setScalar(referral.name);
  }

  /** A map of a name and maybe a namespace. */
  #setMapping(field: YamlNode): void {
    const name = field.get('name');
    if (name === undefined) throw new KustomizeError("path config error; no 'name' field in node");
    const oldName = name.text;
    const isOfNamespace = this.#ofNamespace(field.get('namespace')?.text);
    const referral = this.#select(oldName, isOfNamespace, (resource) => `${resource.name}/${resource.namespace}`);
    if (referral === undefined) return;
    referral.addReferrer(formatId(this.#referrer.currentId));
    const { name: newName, namespace } = referral;
    if (newName === oldName && namespace === '') return;
    field.set('name', YamlNode.scalar(newName));
    if (namespace !== '') field.set('namespace', YamlNode.scalar(namespace));
  }

  /** Objects that came with a namespace go before those that were put into it. */
  #ofNamespace(namespace: string | undefined): (resource: Resource) => boolean {
    if (namespace === undefined) return () => true;
    if (namespace === notANamespace) return () => false;
    const isOriginal = ({ originalId }: Resource): boolean => effectiveNamespace(originalId) === namespace;
    if (this.#candidates.some(isOriginal)) return isOriginal;
    return ({ currentId }) => effectiveNamespace(currentId) === namespace;
  }

  /** The one object that the name meant. @throws KustomizeError where there are several that differ */
  #select(
    oldName: string,
    isMeant: (resource: Resource) => boolean,
    identity: (resource: Resource) => string,
  ): Resource | undefined {
    let candidates = this.#candidates
      .named(oldName)
      .filter((resource) => isMeant(resource) && resource.previousIds.some((id) => isSelectedGvk(id, this.#target)));
    candidates = candidates.filter((resource) => this.#isRole(resource) && this.#isReachable(resource));
    if (candidates.length === 1) return candidates[0];
    candidates = candidates.filter((resource) => sameAffixes(resource, this.#referrer, true));
    if (candidates.length > 1) {
      candidates = candidates.filter((resource) => sameAffixes(resource, this.#referrer, false));
    }
    const [first] = candidates;
    if (first === undefined) return undefined;
    if (candidates.every((resource) => identity(resource) === identity(first))) return first;
    throw new KustomizeError(this.#ambiguity(candidates));
  }

  /** The role of a binding is of the kind that it says. */
  #isRole(resource: Resource): boolean {
    if (!this.#path.endsWith('roleRef/name')) return true;
    const role = this.#referrer.node.get('roleRef');
    const group = role?.get('apiGroup');
    const kind = role?.get('kind');
    if (group === undefined || kind === undefined) return true;
    return resource.previousIds.some((id) => isSelectedGvk(id, { group: group.text, kind: kind.text }));
  }

  #isReachable(resource: Resource): boolean {
    const id = this.#referrer.currentId;
    const other = resource.currentId;
    if (isClusterScoped(id) || isClusterScoped(other) || resource.kind === 'ServiceAccount') return true;
    return effectiveNamespace(id) === effectiveNamespace(other);
  }

  #ambiguity(candidates: readonly Resource[]): string {
    const ids = candidates.map(({ currentId }) => formatId(currentId)).join(', ');
    const shown = candidates
      .map((resource, index) => `--- possible referral ${index}:\n${yamlOf(resource)}\n`)
      .join('');
    return `found multiple possible referrals: ${ids}\n\n**** Too many possible referral targets to referrer:\n${yamlOf(this.#referrer)}\n${shown}`;
  }
}

function yamlOf(resource: Resource): string {
  try {
    return resource.toYaml();
  } catch {
    return stringifyGoJson(resource.currentId);
  }
}

/** Whether both were given the same prefixes and suffixes at their ends; leniently, none match any. */
function sameAffixes(left: Resource, right: Resource, isLenient: boolean): boolean {
  const same = (one: readonly string[], other: readonly string[]): boolean =>
    (isLenient && (one.length === 0 || other.length === 0)) || endsAlike(one, other);
  return same(left.prefixes, right.prefixes) && same(left.suffixes, right.suffixes);
}

function endsAlike(one: readonly string[], other: readonly string[]): boolean {
  const [shorter, longer] = one.length <= other.length ? [one, other] : [other, one];
  if (shorter.length === 0) return longer.length === 0;
  return shorter.every((text, index) => longer[longer.length - shorter.length + index] === text);
}
