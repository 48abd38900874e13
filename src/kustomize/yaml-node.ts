import { type JsonObject, type JsonValue, setOwn } from '../apimachinery/json.ts';
import { resolvePlainScalar } from '../apimachinery/yaml-scalar.ts';
import { nodeText } from './yaml-text.ts';
import { plainScalarTag, refolded, scalarJson, YamlNodeError } from './yaml-scalar.ts';

/** The tags of YAML that a node may have; a node without one takes that of its text. */
export const yamlTag = {
  string: '!!str',
  integer: '!!int',
  float: '!!float',
  boolean: '!!bool',
  null: '!!null',
} as const;

/** How a scalar is written. */
export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded';

/**
 * A node of a YAML document that may change its kind in place. A scalar keeps its text and its tag apart, as kustomize
 * copies texts from field to field and lets the tag of the target say what they mean.
 */
export class YamlNode {
  kind: 'scalar' | 'sequence' | 'mapping';
  /** Of a scalar. */
  text: string;
  /** Short form, `!!int`; empty where the text says what it is. */
  tag: string;
  /** How a scalar was written. */
  style: ScalarStyle;
  /** Whether a list or map was written in brackets. */
  isFlow = false;
  /** Whether the tag was written out: then it counts in quotes too. */
  isTagged = false;
  items: YamlNode[] = [];
  fields = new Map<string, YamlNode>();
  /** What is wrong with a mapping that was read; told when it is written. */
  problem: string | undefined;

  private constructor(kind: YamlNode['kind'], text = '', tag = '', style: ScalarStyle = 'plain') {
    this.kind = kind;
    this.text = text;
    this.tag = tag;
    this.style = style;
  }

  static scalar(text: string, tag = '', style: ScalarStyle = 'plain'): YamlNode {
    return new YamlNode('scalar', text, tag, style);
  }

  /** A scalar that is text whatever it looks like. */
  static string(text: string): YamlNode {
    return new YamlNode('scalar', text, yamlTag.string);
  }

  static mapping(): YamlNode {
    return new YamlNode('mapping');
  }

  static sequence(): YamlNode {
    return new YamlNode('sequence');
  }

  /** A node with the value of JSON. */
  static fromJson(value: JsonValue): YamlNode {
    if (Array.isArray(value)) {
      const list = YamlNode.sequence();
      list.items = value.map((item) => YamlNode.fromJson(item));
      return list;
    }
    if (typeof value === 'string') return YamlNode.string(value);
    if (typeof value === 'boolean') return YamlNode.scalar(`${value}`, yamlTag.boolean);
    if (typeof value === 'bigint') return YamlNode.scalar(`${value}`, yamlTag.integer);
    if (typeof value === 'number') return YamlNode.scalar(`${value}`, plainScalarTag(`${value}`));
    if (value === null) return YamlNode.scalar('null', yamlTag.null);
    const map = YamlNode.mapping();
    for (const [key, item] of Object.entries(value)) map.fields.set(key, YamlNode.fromJson(item));
    return map;
  }

  /** Whether a scalar stands in quotes or in a block. */
  get quoted(): boolean {
    return this.style !== 'plain';
  }

  get isNull(): boolean {
    return this.kind === 'scalar' && this.tag === yamlTag.null;
  }

  /** Whether it is a scalar that is text, or may be. */
  get isText(): boolean {
    return this.kind === 'scalar' && (this.tag === '' || this.tag === yamlTag.string);
  }

  /** Whether the node is null or has nothing in it. */
  get isEmpty(): boolean {
    if (this.kind === 'scalar') return this.isNull;
    return this.kind === 'mapping' ? this.fields.size === 0 : this.items.length === 0;
  }

  /** The member of a mapping. */
  get(name: string): YamlNode | undefined {
    return this.kind === 'mapping' ? this.fields.get(name) : undefined;
  }

  /** The node below, through mappings only. */
  lookup(...path: readonly string[]): YamlNode | undefined {
    return path.reduce<YamlNode | undefined>((node, step) => node?.get(step), this);
  }

  /** The mapping below, made where it is missing. */
  mappingAt(...path: readonly string[]): YamlNode {
    return path.reduce<YamlNode>((node, step) => {
      const next = node.fields.get(step);
      if (next !== undefined && !next.isNull) return next;
      const made = YamlNode.mapping();
      node.fields.set(step, made);
      return made;
    }, this);
  }

  /** Sets a member; quotes around an old scalar stay, and new text that YAML 1.1 would misread gets some. */
  set(name: string, value: YamlNode): void {
    const old = this.fields.get(name);
    if (old === undefined) {
      if (value.isText && value.text !== '' && !value.text.includes('\n')) {
        const isMisread = typeof resolvePlainScalar(value.text) !== 'string';
        if (isMisread && value.style === 'plain') value.style = 'double';
      }
      this.fields.set(name, value);
      return;
    }
    value.style = old.style;
    value.isTagged = old.isTagged;
    old.become(value);
  }

  /** Sets a scalar in place; its quotes stay. */
  setScalar(text: string, tag = ''): void {
    this.text = text;
    this.tag = tag;
  }

  /** Takes everything of another node, which must not be used any more. */
  become(other: YamlNode): void {
    this.kind = other.kind;
    this.text = other.text;
    this.tag = other.tag;
    this.style = other.style;
    this.isTagged = other.isTagged;
    this.isFlow = other.isFlow;
    this.items = other.items;
    this.fields = other.fields;
    this.problem = other.problem;
  }

  copy(): YamlNode {
    const copy = new YamlNode(this.kind, this.text, this.tag, this.style);
    copy.items = this.items.map((item) => item.copy());
    for (const [name, value] of this.fields) copy.fields.set(name, value.copy());
    copy.isTagged = this.isTagged;
    copy.isFlow = this.isFlow;
    copy.problem = this.problem;
    return copy;
  }

  /** The texts of the members of a mapping. */
  texts(): Map<string, string> {
    const texts = new Map<string, string>();
    for (const [name, value] of this.fields) texts.set(name, value.text);
    return texts;
  }

  /** The value as JSON. @param isInFlow whether it stands in brackets @throws YamlNodeError */
  toJson(isInFlow = false): JsonValue {
    if (this.problem !== undefined) throw new YamlNodeError(this.problem);
    // go-yaml writes nothing as '' between brackets, and then reads text.
    if (this.kind === 'scalar') {
      if (isInFlow && this.isNull && this.text === '') return '';
      const value = scalarJson(this);
      return this.style === 'folded' && !isInFlow && typeof value === 'string' ? refolded(value) : value;
    }
    const inFlow = isInFlow || this.isFlow;
    if (this.kind === 'sequence') return this.items.map((item) => item.toJson(inFlow));
    const object: JsonObject = {};
    for (const [name, value] of this.fields) setOwn(object, name, value.toJson(inFlow));
    return object;
  }
}

const goKinds = { mapping: 'MappingNode', sequence: 'SequenceNode', scalar: 'ScalarNode' } as const;

/** The error of a node that is of another kind than is needed. */
export function wrongKind(node: YamlNode, expected: YamlNode['kind']): YamlNodeError {
  return new YamlNodeError(
    `wrong node kind: expected ${goKinds[expected]} but got ${goKinds[node.kind]}: node contents:\n${nodeText(node)}`,
  );
}
