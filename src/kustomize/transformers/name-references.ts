import { stringifyGoJson } from '../../printers/go-json.ts';
import { KustomizeError, wrapped } from '../build-error.ts';
import type { NameReference } from '../default-field-specs.ts';
import { visitField } from '../field-spec.ts';
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
    // Ids are found before any name is written: what is selected depends on where objects came from.
    for (const referrer of map.resources) {
      const id = referrer.originalId;
      let candidates: readonly Resource[] | undefined;
      for (const { fieldSpecs = [], ...target } of references) {
        for (const spec of fieldSpecs) {
          if (!isSelectedGvk(id, spec)) continue;
          candidates ??= map.thoseReferrableBy(referrer);
          new ReferenceField(referrer, spec.path ?? '', target, candidates).update();
        }
      }
    }
  };
}

/** One field of an object that may name others of a kind. */
class ReferenceField {
  readonly #referrer: Resource;
  readonly #path: string;
  readonly #target: GvkSelector;
  readonly #candidates: readonly Resource[];

  constructor(referrer: Resource, path: string, target: GvkSelector, candidates: readonly Resource[]) {
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
    const referral = this.#select(field.text, this.#candidates, (resource) => resource.name);
    if (referral === undefined) return;
    referral.addReferrer(formatId(this.#referrer.currentId));
    if (referral.name !== field.text) field.setScalar(referral.name);
  }

  /** A map of a name and maybe a namespace. */
  #setMapping(field: YamlNode): void {
    const name = field.get('name');
    if (name === undefined) throw new KustomizeError("path config error; no 'name' field in node");
    const oldName = name.text;
    const candidates = this.#ofNamespace(field.get('namespace')?.text);
    const referral = this.#select(oldName, candidates, (resource) => `${resource.name}/${resource.namespace}`);
    if (referral === undefined) return;
    referral.addReferrer(formatId(this.#referrer.currentId));
    const { name: newName, namespace } = referral;
    if (newName === oldName && namespace === '') return;
    field.set('name', YamlNode.scalar(newName));
    if (namespace !== '') field.set('namespace', YamlNode.scalar(namespace));
  }

  #ofNamespace(namespace: string | undefined): readonly Resource[] {
    if (namespace === undefined) return this.#candidates;
    if (namespace === notANamespace) return [];
    const original = this.#candidates.filter(({ originalId }) => effectiveNamespace(originalId) === namespace);
    if (original.length > 0) return original;
    return this.#candidates.filter(({ currentId }) => effectiveNamespace(currentId) === namespace);
  }

  /** The one object that the name meant. @throws KustomizeError where there are several that differ */
  #select(oldName: string, all: readonly Resource[], identity: (resource: Resource) => string): Resource | undefined {
    let candidates = all.filter((resource) => {
      const previous = resource.previousIds;
      return previous.some(({ name }) => name === oldName) && previous.some((id) => isSelectedGvk(id, this.#target));
    });
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
