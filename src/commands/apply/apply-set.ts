import { createHash } from 'node:crypto';
import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { formatGroupVersion, type GroupVersionKind, gvkOf, gvkText } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapper, RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { CommandError } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import type { Client, ResourceClient, WriteOptions } from '../../client/client.ts';
import { resourceOf } from '../../resource/resource-access.ts';
import type { PrunableObject } from './prune.ts';

/** The keys that the specification of apply sets names (KEP-3659). */
const keys = {
  tooling: 'applyset.kubernetes.io/tooling',
  additionalNamespaces: 'applyset.kubernetes.io/additional-namespaces',
  groupKinds: 'applyset.kubernetes.io/contains-group-kinds',
  groupResources: 'applyset.kubernetes.io/contains-group-resources',
  id: 'applyset.kubernetes.io/id',
  partOf: 'applyset.kubernetes.io/part-of',
  parentType: 'applyset.kubernetes.io/is-parent-type',
} as const;

const toolName = 'kubectl';
const fieldManager = `${toolName}-applyset`;

/** The object that an apply set is kept on. */
export interface ApplySetParent {
  readonly mapping: RestMapping;
  readonly name: string;
  /** Empty for a cluster-scoped one, and where none was asked for. */
  readonly namespace: string;
}

/** Kinds that may hold an apply set without being declared so. */
const builtInParents = ['secrets', 'configmaps'];

/**
 * Reads `[RESOURCE][.GROUP]/NAME`, or a name alone, which is a secret's.
 * @param namespace the one that was explicitly asked for, or empty
 * @throws CommandError
 */
export function parseApplySetParent(reference: string, namespace: string, mapper: RestMapper): ApplySetParent {
  const slash = reference.indexOf('/');
  const type = slash < 0 ? 'secrets' : reference.slice(0, slash);
  const name = reference.slice(slash + 1);
  const refuse = (reason: string): CommandError =>
    new CommandError(`invalid parent reference ${goQuote(reference)}: ${reason}`);
  if (name === '') throw refuse('name cannot be blank');
  const [resource = '', ...group] = type.split('.');
  try {
    const gvk = mapper.kindFor({ group: group.join('.'), version: '', resource });
    const mapping = mapper.mappingForKind(gvk);
    return { mapping, name, namespace: mapping.namespaced ? namespace : '' };
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

/** What objects of an apply set there are or will be: their kinds and namespaces. */
interface Extent {
  /** By `Kind.group`. */
  readonly kinds: Map<string, RestMapping | undefined>;
  readonly namespaces: Set<string>;
}

/**
 * A set of objects that are applied together, kept on a parent object: what left the set is found by a label and
 * deleted (KEP-3659).
 */
export class ApplySet {
  readonly #parent: ApplySetParent;
  readonly #client: Client;
  readonly #version: string;
  /** As the parent told before anything was applied. */
  #current: Extent = { kinds: new Map(), namespaces: new Set() };
  #updated: Extent = { kinds: new Map(), namespaces: new Set() };

  /** @param version of this program, for the annotation that names the tool */
  constructor(parent: ApplySetParent, client: Client, version: string) {
    this.#parent = parent;
    this.#client = client;
    this.#version = version;
  }

  /** The value of the label: the hash of the parent's group, kind, namespace and name. */
  get id(): string {
    const { name, namespace, mapping } = this.#parent;
    const text = [name, namespace, mapping.gvk.kind, mapping.gvk.group].join('.');
    return `applyset-${createHash('sha256').update(text).digest('base64url')}-v1`;
  }

  /** Whether the parent may be one. @throws CommandError */
  async validate(): Promise<void> {
    const { mapping, namespace } = this.#parent;
    const problems: string[] = [];
    if (mapping.namespaced && namespace === '') problems.push('namespace is required to use namespace-scoped ApplySet');
    if (!this.#isBuiltIn()) {
      try {
        if (!(await this.#isDeclaredParent())) {
          const { group, version, resource } = mapping.gvr;
          const about = goQuote(`${group}/${version}, Resource=${resource}`);
          problems.push(`resource ${about} is not permitted as an ApplySet parent`);
        }
      } catch (error) {
        problems.push(`identifying allowed custom resource parent types: ${messageOf(error)}`);
      }
    }
    throwFailures(problems.map((problem) => new CommandError(problem)));
  }

  /** Puts the set's label on an object of the input. @throws CommandError when it is there */
  addLabel(object: Unstructured): void {
    const { labels = {} } = object.metadata;
    if (labels[keys.partOf] !== undefined) {
      throw new CommandError(`ApplySet label ${goQuote(keys.partOf)} already set in input data`);
    }
    object.metadata.labels = { ...labels, [keys.partOf]: this.id };
  }

  /**
   * Reads the parent, and makes it cover what will be applied as well, so that nothing is lost when the run ends early.
   * @throws CommandError
   */
  async beforeApply(
    members: readonly { object: Unstructured; mapping: RestMapping | undefined; namespace: string }[],
    write: WriteOptions | undefined,
    mapper: RestMapper,
    warn: (text: string) => void,
  ): Promise<void> {
    await this.#readParent(mapper);
    this.#updated = extentOf(members);
    const kinds = new Map([...this.#current.kinds, ...this.#updated.kinds]);
    const namespaces = new Set([...this.#current.namespaces, ...this.#updated.namespaces]);
    await this.#writeParent({ kinds, namespaces }, write, warn);
  }

  /** What carries the label and was not applied now. @throws CommandError */
  async findPrunable(keptUids: ReadonlySet<string>): Promise<PrunableObject[]> {
    const places = [...this.#current.kinds.values()].flatMap((mapping) => {
      if (mapping === undefined) return [];
      if (!mapping.namespaced) return [{ mapping, namespace: '' }];
      return [...this.#current.namespaces].map((namespace) => ({ mapping, namespace }));
    });
    const found = await Promise.all(
      places.map(async ({ mapping, namespace }) => {
        const { gvk } = mapping;
        const list = resourceOf(this.#client, mapping, namespace).list({ labelSelector: `${keys.partOf}=${this.id}` });
        const { items } = await list.catch((error: unknown) => {
          throw new CommandError(`listing ${gvkText(gvk)} objects for pruning: ${messageOf(error)}`);
        });
        return items
          .filter(({ metadata }) => !keptUids.has(metadata.uid ?? ''))
          .map((item) => ({
            object: { ...item, apiVersion: formatGroupVersion(gvk), kind: gvk.kind },
            mapping,
            namespace,
          }));
      }),
    );
    return found.flat();
  }

  /** Lets the parent tell what there is now that everything else is gone. @throws CommandError */
  async afterPrune(
    members: readonly { object: Unstructured; mapping: RestMapping; namespace: string }[],
    write: WriteOptions | undefined,
    warn: (text: string) => void,
  ): Promise<void> {
    try {
      await this.#writeParent(extentOf(members), write, warn);
    } catch (error) {
      throw new CommandError(`apply and prune succeeded, but ApplySet update failed: ${messageOf(error)}`);
    }
  }

  get #resource(): ResourceClient {
    return resourceOf(this.#client, this.#parent.mapping, this.#parent.namespace);
  }

  #isBuiltIn(): boolean {
    const { group, version, resource } = this.#parent.mapping.gvr;
    return group === '' && version === 'v1' && builtInParents.includes(resource);
  }

  async #isDeclaredParent(): Promise<boolean> {
    const { group, resource } = this.#parent.mapping.gvr;
    const gvr = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
    const { items } = await this.#client.resource(gvr).list({ labelSelector: keys.parentType });
    return items.some(({ metadata }) => metadata.name === `${resource}.${group}`);
  }

  async #readParent(mapper: RestMapper): Promise<void> {
    const { mapping, name, namespace } = this.#parent;
    const about = goQuote(`${mapping.gvr.resource}.${mapping.gvr.group}/${name}`);
    let object: Unstructured;
    try {
      object = await this.#resource.get(name);
    } catch (error) {
      if (!hasReason(error, 'NotFound')) {
        throw new CommandError(`failed to fetch ApplySet parent object ${about}: ${messageOf(error)}`);
      }
      if (this.#isBuiltIn()) return;
      throw new CommandError('custom resource ApplySet parents cannot be created automatically');
    }
    const { labels = {}, annotations = {} } = object.metadata;
    checkOwner(about, this.id, labels, annotations);
    try {
      this.#current = { kinds: kindsIn(annotations, mapper), namespaces: namespacesIn(annotations) };
    } catch (error) {
      throw new CommandError(`parsing ApplySet annotation on ${about}: ${messageOf(error)}`);
    }
    if (mapping.namespaced) this.#current.namespaces.add(namespace);
  }

  /** @param write undefined for a dry run that asks nobody */
  async #writeParent(extent: Extent, write: WriteOptions | undefined, warn: (text: string) => void): Promise<void> {
    if (write === undefined) return;
    const { mapping, name, namespace } = this.#parent;
    const parent = {
      kind: mapping.gvk.kind,
      apiVersion: formatGroupVersion(mapping.gvk),
      metadata: {
        name,
        ...(namespace === '' ? {} : { namespace }),
        labels: { [keys.id]: this.id },
        annotations: {
          [keys.tooling]: `${toolName}/${this.#version}`,
          [keys.groupKinds]: [...extent.kinds.keys()].toSorted().join(','),
          [keys.additionalNamespaces]: [...extent.namespaces]
            .filter((one) => one !== namespace)
            .toSorted()
            .join(','),
        },
      },
    };
    const send = (force: boolean): Promise<Unstructured> =>
      this.#resource.patch(name, 'application/apply-patch+yaml', parent, { ...write, fieldManager, force });
    try {
      await send(false).catch((error: unknown) => {
        if (!hasReason(error, 'Conflict')) throw error;
        warn(
          `WARNING: failed to update ApplySet: ${messageOf(error)}\nApplySet field manager ${fieldManager} should own these fields. Retrying with conflicts forced.`,
        );
        return send(true);
      });
    } catch (error) {
      throw new CommandError(`failed to update ApplySet: ${messageOf(error)}`);
    }
  }
}

/** Refuses a parent that is no apply set of this tool. @throws CommandError */
function checkOwner(
  about: string,
  id: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): void {
  const tooling = annotations[keys.tooling];
  if (tooling === undefined) {
    throw new CommandError(
      `ApplySet parent object ${about} already exists and is missing required annotation ${goQuote(keys.tooling)}`,
    );
  }
  const tool = tooling.includes('/') ? tooling.slice(0, tooling.lastIndexOf('/')) : tooling;
  if (tool !== toolName) {
    throw new CommandError(
      `ApplySet parent object ${about} already exists and is managed by tooling ${goQuote(tool)} instead of ${goQuote(toolName)}`,
    );
  }
  const label = labels[keys.id];
  if (label === undefined) {
    throw new CommandError(`ApplySet parent object ${about} exists and does not have required label ${keys.id}`);
  }
  if (label === id) return;
  throw new CommandError(
    `ApplySet parent object ${about} exists and has incorrect value for label ${goQuote(keys.id)} (got: ${label}, want: ${id})`,
  );
}

/** The kinds that a parent tells, or in the form that came before, their resources. @throws Error */
function kindsIn(annotations: Readonly<Record<string, string>>, mapper: RestMapper): Extent['kinds'] {
  const kinds: Extent['kinds'] = new Map();
  const list = (text: string): readonly string[] => (text === '' ? [] : text.split(','));
  const groupKinds = annotations[keys.groupKinds];
  const resources = annotations[keys.groupResources] ?? '';
  if (groupKinds === undefined && resources === '') {
    throw new Error(
      `kubectl requires the ${goQuote(keys.groupKinds)} annotation to be set on all ApplySet parent objects`,
    );
  }
  for (const text of list(groupKinds ?? '')) {
    const [kind = '', ...group] = text.split('.');
    try {
      kinds.set(text, mapper.mappingForKind({ group: group.join('.'), kind }));
    } catch (error) {
      throw new Error(
        `could not find mapping for kind in ${goQuote(keys.groupKinds)} annotation: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  for (const text of groupKinds === undefined ? list(resources) : []) {
    const [resource = '', ...group] = text.split('.');
    try {
      const mapping = mapper.mappingForKind(mapper.kindFor({ group: group.join('.'), version: '', resource }));
      kinds.set(kindKey(mapping.gvk), mapping);
    } catch (error) {
      throw new Error(`invalid group resource in ${goQuote(keys.groupResources)} annotation: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return kinds;
}

function namespacesIn(annotations: Readonly<Record<string, string>>): Set<string> {
  const text = annotations[keys.additionalNamespaces] ?? '';
  return new Set(text === '' ? [] : text.split(','));
}

function extentOf(
  members: readonly { object: Unstructured; mapping: RestMapping | undefined; namespace: string }[],
): Extent {
  const extent: Extent = { kinds: new Map(), namespaces: new Set() };
  for (const { object, mapping, namespace } of members) {
    extent.kinds.set(kindKey(gvkOf(object)), mapping);
    // A kind that the same input defines may turn out to have no namespaces; one too many does no harm.
    if (mapping?.namespaced !== false && namespace !== '') extent.namespaces.add(namespace);
  }
  return extent;
}

function kindKey({ group, kind }: GroupVersionKind): string {
  return group === '' ? kind : `${kind}.${group}`;
}
