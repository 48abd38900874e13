import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  SCALAR_STYLE_DOUBLE_QUOTED,
  SCALAR_STYLE_FOLDED_BLOCK,
  SCALAR_STYLE_LITERAL_BLOCK,
  SCALAR_STYLE_SINGLE_QUOTED,
} from 'js-yaml';
import { goQuote } from '../apimachinery/field-error.ts';
import { readYamlEvents, scalarTextOf } from '../apimachinery/yaml-events.ts';
import { type ScalarStyle, YamlNode, yamlTag } from './yaml-node.ts';
import { problemMessage } from './yaml-problem.ts';
import { plainScalarTag, timeAsJson } from './yaml-scalar.ts';

/** YAML that cannot be read; the message is go-yaml's. */
export class YamlReadError extends Error {}

const scalarStyles: ReadonlyMap<number, ScalarStyle> = new Map([
  [SCALAR_STYLE_SINGLE_QUOTED, 'single'],
  [SCALAR_STYLE_DOUBLE_QUOTED, 'double'],
  [SCALAR_STYLE_LITERAL_BLOCK, 'literal'],
  [SCALAR_STYLE_FOLDED_BLOCK, 'folded'],
]);

type ScalarEvent = Extract<Event, { type: typeof EVENT_ID.SCALAR }>;

const mostAliasedNodes = 4_000_000;

/** Reads the first document of a text; undefined for one without content. @throws YamlReadError */
export function readYamlNode(text: string): YamlNode | undefined {
  const read = readYamlEvents(text);
  if (!('events' in read)) throw new YamlReadError(problemMessage(read, text));
  return new NodeReader(read.text, read.events).read();
}

/** The same, but undefined as well where the text is no YAML. */
export function tryReadYamlNode(text: string): YamlNode | undefined {
  try {
    return readYamlNode(text);
  } catch (error) {
    if (error instanceof YamlReadError) return undefined;
    throw error;
  }
}

class NodeReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #anchors = new Map<string, YamlNode>();
  #index = 0;
  #aliased = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  read(): YamlNode | undefined {
    if (this.#events.length === 0) return undefined;
    this.#index = 1;
    return this.#events[1]?.type === EVENT_ID.POP ? undefined : this.#node().node;
  }

  #next(): Event {
    const event = this.#events[this.#index++];
    if (event === undefined) throw new Error('the YAML event stream ended early');
    return event;
  }

  #node(): { readonly node: YamlNode; readonly offset: number; readonly isMerge: boolean } {
    const event = this.#next();
    switch (event.type) {
      case EVENT_ID.ALIAS: {
        const name = this.#text.slice(event.anchorStart, event.anchorEnd);
        const target = this.#anchors.get(name);
        if (target === undefined) throw new YamlReadError(`yaml: unknown anchor '${name}' referenced`);
        this.#aliased += sizeOf(target);
        if (this.#aliased > mostAliasedNodes) throw new YamlReadError('yaml: document contains excessive aliasing');
        return { node: target.copy(), offset: event.anchorStart, isMerge: false };
      }
      case EVENT_ID.SCALAR: {
        const node = this.#anchored(event, this.#scalar(event));
        return { node, offset: event.valueStart, isMerge: node.tag === '!!merge' };
      }
      case EVENT_ID.SEQUENCE: {
        const node = YamlNode.sequence();
        node.isFlow = event.style === COLLECTION_STYLE.FLOW;
        while (this.#events[this.#index]?.type !== EVENT_ID.POP) node.items.push(this.#node().node);
        this.#index++;
        return { node: this.#anchored(event, node), offset: event.start, isMerge: false };
      }
      case EVENT_ID.MAPPING:
        return {
          node: this.#anchored(event, this.#mapping(event.style === COLLECTION_STYLE.FLOW)),
          offset: event.start,
          isMerge: false,
        };
      default:
        throw new Error('the YAML event stream is out of order');
    }
  }

  #anchored(event: { readonly anchorStart: number; readonly anchorEnd: number }, node: YamlNode): YamlNode {
    if (event.anchorStart >= 0) this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), node);
    return node;
  }

  #scalar(event: ScalarEvent): YamlNode {
    const style = scalarStyles.get(event.style) ?? 'plain';
    const text = scalarTextOf(this.#text, event);
    if (event.tagStart >= 0) {
      const tag = this.#text.slice(event.tagStart, event.tagEnd);
      const node = YamlNode.scalar(text, tag.replace(/^!<tag:yaml\.org,2002:([^>]*)>$/, '!!$1'), style);
      node.isTagged = true;
      return node;
    }
    return YamlNode.scalar(text, style === 'plain' ? plainScalarTag(text) : '!!str', style);
  }

  #mapping(isFlow: boolean): YamlNode {
    const map = YamlNode.mapping();
    map.isFlow = isFlow;
    const merged: YamlNode[] = [];
    const keyOffsets = new Map<string, number>();
    while (this.#events[this.#index]?.type !== EVENT_ID.POP) {
      const { node: key, offset, isMerge } = this.#node();
      const { node: value } = this.#node();
      if (isMerge) {
        merged.push(...mergeSources(value));
        continue;
      }
      if (key.kind !== 'scalar') {
        map.problem ??= `yaml: invalid map key: ${goSyntax(key)}`;
        continue;
      }
      if (key.tag === yamlTag.boolean || key.tag === yamlTag.null) {
        map.problem ??= `json: unsupported value: object member name must be a string, not ${key.text}`;
      }
      // A time is a key by its full form.
      const name = key.tag === '!!timestamp' ? timeAsJson(key.text) : key.text;
      const earlier = keyOffsets.get(name);
      // The first counts, in patches too; such a map cannot be written.
      if (earlier !== undefined) {
        map.problem ??= `yaml: unmarshal errors:\n  line ${this.#line(offset)}: mapping key ${goQuote(name)} already defined at line ${this.#line(earlier)}`;
      }
      keyOffsets.set(name, earlier ?? offset);
      if (earlier === undefined) map.fields.set(name, value);
    }
    this.#index++;
    // What the mapping says itself wins, then the later of the merged ones.
    for (const source of merged) {
      for (const [name, value] of source.fields) if (!map.fields.has(name)) map.fields.set(name, value.copy());
    }
    return map;
  }

  #line(offset: number): number {
    return this.#text.slice(0, offset).split('\n').length;
  }
}

function mergeSources(value: YamlNode): YamlNode[] {
  if (value.kind === 'mapping') return [value];
  if (value.kind === 'scalar') throw new YamlReadError('map merge requires map or sequence of maps as the value');
  return value.items.map((item) => {
    if (item.kind === 'sequence') throw new YamlReadError('invalid map merge: received a nested sequence');
    if (item.kind === 'scalar') throw new YamlReadError('map merge requires map or sequence of maps as the value');
    return item;
  });
}

function goSyntax(node: YamlNode): string {
  if (node.kind === 'sequence') return `[]interface {}{${node.items.map(goSyntax).join(', ')}}`;
  if (node.kind === 'scalar') return node.tag === '!!str' ? goQuote(node.text) : node.text;
  const members = [...node.fields].map(([name, value]) => `${goQuote(name)}:${goSyntax(value)}`);
  return `map[string]interface {}{${members.join(', ')}}`;
}

function sizeOf(node: YamlNode): number {
  let size = 1;
  for (const item of node.items) size += sizeOf(item);
  for (const value of node.fields.values()) size += sizeOf(value);
  return size;
}
