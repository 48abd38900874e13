import { KustomizeError, reasonOf } from './build-error.ts';
import { idOfNode } from './field-spec.ts';
import type { Loader } from './loader.ts';
import { Resource } from './resource.ts';
import { apiVersionOf, compareTexts } from './resource-id.ts';
import type { YamlNode } from './yaml-node.ts';
import { readYamlNode } from './yaml-reader.ts';

/** Reads the objects of a file; lists come as their items. @throws KustomizeError that names the file */
export async function readResourceFile(loader: Loader, path: string): Promise<Resource[]> {
  const text = await loader.loadText(path);
  try {
    return readResources(text);
  } catch (error) {
    const message = reasonOf(error);
    throw new KustomizeError(isMalformed(message) ? `${message} in File: ${path}` : message);
  }
}

/** Whether a message tells of YAML that cannot be read. */
export function isMalformed(message: string): boolean {
  return message.includes('MalformedYAMLError');
}

/** Reads the objects of a text. @throws KustomizeError for one without kind or name */
export function readResources(text: string): Resource[] {
  const queue = checked(documentsOf(text));
  const resources: Resource[] = [];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const kind = node.get('kind')?.text ?? '';
    const items = kind.endsWith('List') ? node.get('items') : undefined;
    if (items === undefined) {
      resources.push(new Resource(node));
    } else if (items.kind === 'sequence') {
      queue.push(...checked(items.items));
    } else if (!items.isNull) {
      const type = items.kind === 'mapping' ? 'map[string]interface {}' : 'string';
      throw new KustomizeError(`expected array in ${kind}/items, but found ${type}`);
    }
  }
  return resources;
}

function documentsOf(text: string): YamlNode[] {
  const nodes: YamlNode[] = [];
  const texts = splitDocuments(text.replaceAll('\r\n', '\n'));
  for (const document of texts) {
    let node: YamlNode | undefined;
    try {
      node = readYamlNode(document);
    } catch (error) {
      throw new KustomizeError(`MalformedYAMLError: ${reasonOf(error)}`);
    }
    if (node === undefined || node.isNull) continue;
    const kind = node.get('kind')?.text;
    const items = node.get('items');
    const isWrapped = texts.length === 1 && (kind === 'List' || kind === 'ResourceList');
    if (isWrapped && (items !== undefined || node.get('functionConfig') !== undefined)) {
      nodes.push(...(items?.items ?? []));
    } else {
      nodes.push(node);
    }
  }
  return nodes;
}

function splitDocuments(text: string): string[] {
  const documents: string[] = [];
  let start = 0;
  for (const match of text.matchAll(/\n---.*\n/g)) {
    const rest = match[0].slice(4).trim();
    if (rest !== '' && !rest.startsWith('#')) {
      throw new KustomizeError(`invalid document separator: ${match[0].trim()}`);
    }
    documents.push(`${text.slice(start, match.index)}\n`);
    start = match.index + match[0].length;
  }
  documents.push(text.slice(start));
  return documents;
}

function checked(nodes: readonly YamlNode[]): YamlNode[] {
  const full = nodes.filter((node) => !node.isEmpty);
  for (const node of full) {
    const id = idOfNode(node);
    const hasMetadata = node.get('metadata')?.isEmpty === false;
    const apiVersion = apiVersionOf(id);
    if (apiVersion === '' && id.kind === '' && !hasMetadata) throw new KustomizeError('missing Resource metadata');
    const shown = `{{${apiVersion} ${id.kind}} {{${id.name} ${id.namespace}} ${goMap(node, 'labels')} ${goMap(node, 'annotations')}}}`;
    if (id.kind === '') throw new KustomizeError(`missing kind in object ${shown}`);
    if (!id.kind.endsWith('List') && id.name === '') {
      throw new KustomizeError(`missing metadata.name in object ${shown}`);
    }
  }
  return full;
}

function goMap(node: YamlNode, field: string): string {
  const texts = node.lookup('metadata', field)?.texts() ?? new Map<string, string>();
  return `map[${[...texts]
    .sort(([left], [right]) => compareTexts(left, right))
    .map(([key, value]) => `${key}:${value}`)
    .join(' ')}]`;
}
