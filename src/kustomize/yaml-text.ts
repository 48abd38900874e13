import { stringifyYaml } from '../apimachinery/yaml-writer.ts';
import { plainScalarTag } from './yaml-scalar.ts';
import type { YamlNode } from './yaml-node.ts';

/**
 * A node as YAML in the order and the quotes in which it was read, as go-yaml v3 writes what it has read: for messages,
 * and for texts that hold YAML themselves.
 */
export function nodeText(node: YamlNode): string {
  if (node.kind === 'scalar') return `${scalarText(node, 0)}\n`;
  if (!isBlock(node)) return `${inline(node, 0)}\n`;
  return blockText(node, 0).join('\n').concat('\n');
}

function blockText(node: YamlNode, indent: number): string[] {
  const margin = ' '.repeat(indent);
  if (node.kind === 'sequence') {
    return node.items.flatMap((item) => {
      const [first = '', ...rest] = isBlock(item) ? blockText(item, indent + 2) : [inline(item, indent + 2)];
      return [`${margin}- ${first.trimStart()}`, ...rest];
    });
  }
  return [...node.fields].flatMap(([name, value]) => {
    const key = `${margin}${scalarOf(name)}:`;
    if (!isBlock(value)) return [`${key} ${inline(value, indent + 2)}`];
    return [key, ...blockText(value, value.kind === 'sequence' ? indent : indent + 2)];
  });
}

function isBlock(node: YamlNode): boolean {
  if (node.isFlow) return false;
  return node.kind === 'mapping' ? node.fields.size > 0 : node.items.length > 0;
}

function inline(node: YamlNode, indent: number): string {
  if (node.kind === 'scalar') return scalarText(node, indent);
  if (node.kind === 'sequence') return `[${node.items.map((item) => inline(item, indent)).join(', ')}]`;
  return `{${[...node.fields].map(([name, value]) => `${scalarOf(name)}: ${inline(value, indent)}`).join(', ')}}`;
}

function scalarText(node: YamlNode, indent: number): string {
  const { text, style, tag } = node;
  const shownTag = node.isTagged && tag !== '' ? `${tag} ` : '';
  if (style === 'single') return `${shownTag}'${text.replaceAll("'", "''")}'`;
  if (style === 'double') return `${shownTag}${JSON.stringify(text)}`;
  if (text.includes('\n')) return `${shownTag}${literalText(text, indent)}`;
  if (tag === '!!str' && plainScalarTag(text) !== '!!str') return JSON.stringify(text);
  return `${shownTag}${scalarOf(text)}`;
}

function literalText(text: string, indent: number): string {
  const margin = ' '.repeat(indent === 0 ? 2 : indent);
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  const lines = body.split('\n').map((line) => (line === '' ? '' : `${margin}${line}`));
  let header = '|';
  if (!text.endsWith('\n')) header = '|-';
  else if (text.endsWith('\n\n')) header = '|+';
  return [header, ...lines].join('\n');
}

/** Text without quotes where it can do without. */
function scalarOf(text: string): string {
  if (plainScalarTag(text) !== '!!str') return text;
  const written = stringifyYaml(text);
  if (written.startsWith("'")) return `'${text.replaceAll("'", "''")}'`;
  // What only YAML 1.1 misreads stays as it is.
  const isPlain = !written.startsWith('"') || /^[a-zA-Z0-9_.:+-]+$/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
