import { reasonOf, KustomizeError } from '../build-error.ts';
import type { Selector } from '../kustomization.ts';
import type { ResourceMap } from '../resource-map.ts';
import type { Resource } from '../resource.ts';
import { effectiveNamespace, type Gvk } from '../resource-id.ts';

/** A selector whose parts are regular expressions for the whole of a text. */
export class SelectorPattern {
  readonly #patterns: ReadonlyMap<keyof Selector, RegExp>;

  /** @throws KustomizeError for a part that is no regular expression */
  constructor(selector: Selector) {
    const patterns = new Map<keyof Selector, RegExp>();
    for (const part of ['group', 'version', 'kind', 'name', 'namespace'] as const) {
      const text = selector[part] ?? '';
      if (text !== '') patterns.set(part, anchored(text));
    }
    this.#patterns = patterns;
  }

  matchesGvk(gvk: Gvk): boolean {
    return (
      this.#matches('group', gvk.group) && this.#matches('version', gvk.version) && this.#matches('kind', gvk.kind)
    );
  }

  matchesName(name: string): boolean {
    return this.#matches('name', name);
  }

  matchesNamespace(namespace: string): boolean {
    return this.#matches('namespace', namespace);
  }

  #matches(part: keyof Selector, text: string): boolean {
    return this.#patterns.get(part)?.test(text) ?? true;
  }
}

/** What Go says of expressions that are none. */
const goReasons: readonly (readonly [RegExp, string])[] = [
  [/Unterminated group/, 'missing closing )'],
  [/Unterminated character class/, 'missing closing ]'],
  [/Unmatched '\)'/, 'unexpected )'],
];

function anchored(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch (error) {
    const message = reasonOf(error);
    const [, words] = goReasons.find(([reason]) => reason.test(message)) ?? [];
    throw new KustomizeError(
      `error parsing regexp: ${words === undefined ? message : `${words}: \`^(?:${pattern})$\``}`,
    );
  }
}

/** The objects that a selector means: by what they are called now or were called first. @throws KustomizeError */
export function selectResources(map: ResourceMap, selector: Selector): Resource[] {
  const pattern = new SelectorPattern(selector);
  return map.resources.filter((resource) => {
    const current = resource.currentId;
    const original = resource.originalId;
    const isNamed =
      (pattern.matchesNamespace(effectiveNamespace(original)) ||
        pattern.matchesNamespace(effectiveNamespace(current))) &&
      (pattern.matchesName(original.name) || pattern.matchesName(current.name)) &&
      pattern.matchesGvk(resource.gvk);
    return isNamed && resource.matches(selector.labelSelector ?? '', selector.annotationSelector ?? '');
  });
}
