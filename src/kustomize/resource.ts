import { parseLabelSelector, matchesLabels } from '../apimachinery/labels.ts';
import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import type { JsonValue } from '../apimachinery/json.ts';
import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { idOfNode } from './field-spec.ts';
import {
  apiVersionOf,
  compareTexts,
  effectiveNamespace,
  type Gvk,
  type ResourceId,
  splitApiVersion,
} from './resource-id.ts';
import { YamlNode } from './yaml-node.ts';

const domain = 'internal.config.kubernetes.io';

/**
 * What a build notes on its objects while it works. The notes stand in annotations, where patches see them, as
 * kustomize's do: a JSON patch may add an annotation to an object that has none of its own.
 */
export const note = {
  previousKinds: `${domain}/previousKinds`,
  previousNames: `${domain}/previousNames`,
  previousNamespaces: `${domain}/previousNamespaces`,
  prefixes: `${domain}/prefixes`,
  suffixes: `${domain}/suffixes`,
  referredBy: `${domain}/refBy`,
  behavior: `${domain}/generatorBehavior`,
  needsHash: `${domain}/needsHashSuffix`,
  allowNameChange: `${domain}/allowNameChange`,
  allowKindChange: `${domain}/allowKindChange`,
} as const;

const legacyNotes: ReadonlySet<string> = new Set([
  'config.kubernetes.io/path',
  'config.kubernetes.io/index',
  'config.k8s.io/id',
]);

/** Annotations that never leave a build. */
const internalAnnotations: readonly string[] = [
  ...Object.values(note),
  `${domain}/path`,
  `${domain}/index`,
  `${domain}/seqindent`,
  `${domain}/id`,
  `${domain}/annotations-migration-resource-id`,
  ...legacyNotes,
  `${domain}/helm-generated`,
];
const enabled = 'enabled';

/** An object of a build. */
export class Resource {
  readonly node: YamlNode;
  /** Names of the variables whose values it holds. */
  readonly variables: string[] = [];

  constructor(node: YamlNode) {
    this.node = node;
  }

  get isEmpty(): boolean {
    return this.node.isEmpty;
  }

  get kind(): string {
    return this.node.get('kind')?.text ?? '';
  }

  get name(): string {
    return this.currentId.name;
  }

  get namespace(): string {
    return this.currentId.namespace;
  }

  get gvk(): Gvk {
    return { ...splitApiVersion(this.node.get('apiVersion')?.text ?? ''), kind: this.kind };
  }

  setGvk(gvk: Gvk): void {
    this.setKind(gvk.kind);
    this.node.set('apiVersion', YamlNode.scalar(apiVersionOf(gvk)));
  }

  setKind(kind: string): void {
    this.node.set('kind', YamlNode.scalar(kind));
  }

  setName(name: string): void {
    this.node.mappingAt('metadata').set('name', YamlNode.scalar(name));
  }

  setNamespace(namespace: string): void {
    if (namespace === '') this.node.get('metadata')?.fields.delete('namespace');
    else this.node.mappingAt('metadata').set('namespace', YamlNode.scalar(namespace));
  }

  /** What names it now. */
  get currentId(): ResourceId {
    return idOfNode(this.node);
  }

  /** What named it before each change, the oldest first. */
  get previousIds(): ResourceId[] {
    const names = this.#noted(note.previousNames);
    const namespaces = this.#noted(note.previousNamespaces);
    const kinds = this.#noted(note.previousKinds);
    const { group, version } = this.gvk;
    return names.map((name, index) => ({
      group,
      version,
      kind: kinds[index] ?? '',
      name,
      namespace: namespaces[index] ?? '',
    }));
  }

  /** Whether it is or was called so; a quick look before ids are compared. */
  isOrWasCalled(name: string): boolean {
    if (this.node.lookup('metadata', 'name')?.text === name) return true;
    return this.#note(note.previousNames)?.includes(name) ?? false;
  }

  /** What named it where it was read. */
  get originalId(): ResourceId {
    return this.previousIds[0] ?? this.currentId;
  }

  /** Keeps its present id among the previous ones. */
  storePreviousId(): void {
    const id = this.currentId;
    this.#addNote(note.previousNames, id.name);
    this.#addNote(note.previousNamespaces, effectiveNamespace(id));
    this.#addNote(note.previousKinds, id.kind);
  }

  get prefixes(): string[] {
    return this.#noted(note.prefixes);
  }

  get suffixes(): string[] {
    return this.#noted(note.suffixes);
  }

  addPrefix(prefix: string): void {
    this.#addNote(note.prefixes, prefix);
  }

  addSuffix(suffix: string): void {
    this.#addNote(note.suffixes, suffix);
  }

  /** Notes that another object names this one. */
  addReferrer(id: string): void {
    this.#addNote(note.referredBy, id);
  }

  /** Whether a note that is on or off is on. */
  isEnabled(name: string): boolean {
    return this.#note(name) === enabled;
  }

  enable(name: string): void {
    this.setAnnotations(this.annotations.set(name, enabled));
  }

  /** How a generated object meets one that is there: `create`, `merge`, `replace` or `unspecified`. */
  get behavior(): string {
    return this.#note(note.behavior) ?? 'unspecified';
  }

  get annotations(): Map<string, string> {
    return this.node.lookup('metadata', 'annotations')?.texts() ?? new Map<string, string>();
  }

  get labels(): Map<string, string> {
    return this.node.lookup('metadata', 'labels')?.texts() ?? new Map<string, string>();
  }

  setAnnotations(annotations: ReadonlyMap<string, string>): void {
    this.#setMap('annotations', annotations);
  }

  setLabels(labels: ReadonlyMap<string, string>): void {
    this.#setMap('labels', labels);
  }

  #setMap(field: string, texts: ReadonlyMap<string, string>): void {
    const metadata = this.node.mappingAt('metadata');
    metadata.fields.delete(field);
    if (texts.size === 0) return;
    const map = YamlNode.mapping();
    for (const key of [...texts.keys()].sort(compareTexts)) map.fields.set(key, YamlNode.string(texts.get(key) ?? ''));
    metadata.fields.set(field, map);
  }

  #note(name: string): string | undefined {
    return this.node.lookup('metadata', 'annotations', name)?.text;
  }

  #noted(name: string): string[] {
    const text = this.#note(name);
    return text === undefined ? [] : text.split(',');
  }

  #addNote(name: string, value: string): void {
    if (value === '') return;
    const annotations = this.node.mappingAt('metadata', 'annotations');
    const known = annotations.get(name)?.text;
    annotations.set(name, YamlNode.string(known === undefined ? value : `${known},${value}`));
  }

  /** Removes all notes. */
  removeNotes(): void {
    const annotations = this.annotations;
    if (annotations.size === 0) return;
    for (const name of internalAnnotations) annotations.delete(name);
    this.setAnnotations(annotations);
  }

  /** The annotations that are a build's own. */
  get notes(): Map<string, string> {
    return new Map([...this.annotations].filter(([name]) => name.startsWith(`${domain}/`) || legacyNotes.has(name)));
  }

  /** Takes labels, annotations, name and namespace of another one; its own labels and annotations win, its notes do not. */
  mergeMetadataFrom(other: Resource): void {
    this.setLabels(new Map([...other.labels, ...this.labels]));
    const own = this.annotations;
    const theirs = other.annotations;
    const merged = new Map([...theirs, ...own]);
    for (const name of internalAnnotations) {
      const noted = theirs.get(name);
      if (noted === undefined) merged.delete(name);
      else merged.set(name, noted);
    }
    if (!own.has(note.needsHash)) merged.delete(note.needsHash);
    this.setAnnotations(merged);
    this.setName(other.name);
    this.setNamespace(other.namespace);
    this.variables.splice(0, Infinity, ...other.variables);
  }

  /** Whether labels and annotations match the selectors, empty ones matching all. @throws LabelSelectorError */
  matches(labelSelector: string, annotationSelector: string): boolean {
    const matchesLabelsOf = matchesLabels(parseLabelSelector(labelSelector), Object.fromEntries(this.labels));
    return (
      matchesLabels(parseLabelSelector(annotationSelector), Object.fromEntries(this.annotations)) && matchesLabelsOf
    );
  }

  copy(): Resource {
    const copy = new Resource(this.node.copy());
    copy.variables.push(...this.variables);
    return copy;
  }

  toJson(): JsonValue {
    return this.node.toJson();
  }

  /** As messages show it: JSON with its notes. */
  toString(): string {
    return stringifyGoJson(this.toJson());
  }

  /** As a build writes it. @throws YamlNodeError, YamlWriteError */
  toYaml(): string {
    return stringifyYaml(this.toJson());
  }
}
