import { goQuote } from '../apimachinery/field-error.ts';
import { contentHash, textOf } from '../generators/key-sources.ts';
import { stringifyGoJson } from '../apimachinery/go-json.ts';
import { KustomizeError, wrapped } from './build-error.ts';
import type { GeneratorArgs, GeneratorOptions } from './kustomization.ts';
import type { Loader } from './loader.ts';
import { note, Resource } from './resource.ts';
import { compareTexts } from './resource-id.ts';
import { YamlNode, yamlTag } from './yaml-node.ts';

/** What a generator makes. */
export type GeneratedKind = 'ConfigMap' | 'Secret';

interface Pair {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Makes the object of one entry of `configMapGenerator` or `secretGenerator`. @throws KustomizeError */
export async function generateObject(kind: GeneratedKind, args: GeneratorArgs, loader: Loader): Promise<Resource> {
  const node = YamlNode.mapping();
  node.fields.set('apiVersion', YamlNode.string('v1'));
  node.fields.set('kind', YamlNode.string(kind));
  const { name = '', namespace = '', type = '' } = args;
  if (name === '') throw new KustomizeError('a configmap must have a name');
  const metadata = node.mappingAt('metadata');
  metadata.fields.set('name', YamlNode.string(name));
  if (namespace !== '') metadata.fields.set('namespace', YamlNode.string(namespace));
  if (kind === 'Secret') node.fields.set('type', YamlNode.string(type === '' ? 'Opaque' : type));
  const values = await valuesOf(args, loader);
  if (kind === 'Secret') node.mappingAt('data');
  for (const [key, value] of values) {
    const text = kind === 'Secret' ? undefined : textOf(value);
    const field = kind === 'Secret' || text !== undefined ? 'data' : 'binaryData';
    node.mappingAt(field).fields.set(key, YamlNode.string(text ?? wrappedBase64(value)));
  }
  const { labels = {}, annotations = {}, immutable = false, disableNameSuffixHash = false } = args.options ?? {};
  for (const [field, texts] of Object.entries({ labels, annotations })) {
    for (const key of Object.keys(texts).sort(compareTexts)) {
      metadata.mappingAt(field).fields.set(key, YamlNode.string(texts[key] ?? ''));
    }
  }
  if (immutable) node.fields.set('immutable', YamlNode.scalar('true', yamlTag.boolean));
  const resource = new Resource(node);
  if (!disableNameSuffixHash) resource.enable(note.needsHash);
  const known = ['create', 'merge', 'replace'].includes(args.behavior ?? '');
  resource.setAnnotations(resource.annotations.set(note.behavior, known ? (args.behavior ?? '') : 'unspecified'));
  return resource;
}

/** Options for one object with those for all; its own labels and annotations win. */
export function mergeOptions(
  own: GeneratorOptions | undefined,
  all: GeneratorOptions | undefined,
): GeneratorOptions | undefined {
  if (all === undefined) return own;
  return {
    labels: { ...all.labels, ...own?.labels },
    annotations: { ...all.annotations, ...own?.annotations },
    disableNameSuffixHash: own?.disableNameSuffixHash === true || all.disableNameSuffixHash === true,
    immutable: own?.immutable === true || all.immutable === true,
  };
}

async function valuesOf(args: GeneratorArgs, loader: Loader): Promise<Map<string, Uint8Array>> {
  let pairs: Pair[];
  try {
    pairs = [
      ...(await gather('env source files:', args.envs, (path) => envPairs(path, loader))),
      ...(await gather('literal sources', args.literals, (source) => [literalPair(source)])),
      ...(await gather('file sources:', args.files, async (source) => [await filePair(source, loader)])),
    ];
  } catch (error) {
    throw wrapped('loading KV pairs', error);
  }
  const values = new Map<string, Uint8Array>();
  for (const { key, value } of pairs) {
    if (values.has(key)) {
      throw new KustomizeError(`configmap ${args.name ?? ''} illegally repeats the key \`${key}\``);
    }
    values.set(key, value);
  }
  return values;
}

async function gather(
  what: string,
  sources: readonly string[] | undefined,
  read: (source: string) => readonly Pair[] | Promise<readonly Pair[]>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  try {
    for (const source of sources ?? []) pairs.push(...(await read(source)));
  } catch (error) {
    throw wrapped(`${what} [${(sources ?? []).join(' ')}]`, error);
  }
  return pairs;
}

async function envPairs(path: string, loader: Loader): Promise<Pair[]> {
  const text = textOf(await loader.load(path));
  if (text === undefined) throw new KustomizeError(`${path} has invalid utf8 bytes`);
  const pairs: Pair[] = [];
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const sign = line.indexOf('=');
    if (sign === 0) continue;
    const key = sign < 0 ? line : line.slice(0, sign);
    pairs.push({ key, value: Buffer.from(sign < 0 ? '' : line.slice(sign + 1)) });
  }
  return pairs;
}

function literalPair(source: string): Pair {
  const sign = source.indexOf('=');
  if (sign < 1) throw new KustomizeError(`invalid literal source ${source}, expected key=value`);
  const text = source.slice(sign + 1);
  const isQuoted = text.length > 1 && /^["']/.test(text) && text.at(0) === text.at(-1);
  return { key: source.slice(0, sign), value: Buffer.from(isQuoted ? text.slice(1, -1) : text) };
}

async function filePair(source: string, loader: Loader): Promise<Pair> {
  const parts = source.split('=');
  const [first = '', path = ''] = parts;
  if (parts.length === 1)
    return { key: source.replace(/\/+$/, '').replace(/^.*\//, ''), value: await loader.load(source) };
  if (parts.length > 2) {
    throw new KustomizeError(`source ${goQuote(source)} key name or file path contains '='`);
  }
  if (first === '') {
    throw new KustomizeError(`missing key name for file path ${goQuote(path)} in source ${goQuote(source)}`);
  }
  if (path === '') {
    throw new KustomizeError(`missing file path for key name ${goQuote(first)} in source ${goQuote(source)}`);
  }
  return { key: first, value: await loader.load(path) };
}

const base64Width = 70;

/** Base64 in lines of 70 characters, when it takes more than one. */
function wrappedBase64(value: Uint8Array): string {
  const text = Buffer.from(value).toString('base64');
  if (text.length < base64Width) return text;
  return text.replaceAll(new RegExp(`.{1,${base64Width}}`, 'g'), '$&\n');
}

/** The hash of a config map's or secret's content that goes behind its name. */
export function resourceHash(resource: Resource): string {
  const { node, kind } = resource;
  const value = (field: string): unknown => {
    const found = node.get(field);
    if (found === undefined) return '';
    return found.kind === 'scalar' ? found.text : found.toJson();
  };
  const optional = (field: string): object => (node.get(field)?.kind === 'mapping' ? { [field]: value(field) } : {});
  const content = kind === 'Secret' ? { type: value('type'), ...optional('stringData') } : optional('binaryData');
  return contentHash(
    // The name has a place in what is hashed, but kustomize never fills it.
    stringifyGoJson({ kind, name: '', data: value('data'), ...content }),
  );
}
