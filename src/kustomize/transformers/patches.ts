import { goQuote } from '../../apimachinery/field-error.ts';
import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../apimachinery/json.ts';
import { parseJson, stringifyJson } from '../../apimachinery/json-codec.ts';
import { parseYaml } from '../../apimachinery/yaml.ts';
import { applyJsonPatch, checkJsonPatch, type JsonPatchOperation } from '../../patch/json-patch.ts';
import { KustomizeError, reasonOf, wrapped } from '../build-error.ts';
import type { PatchArgs, Selector } from '../kustomization.ts';
import type { Loader } from '../loader.ts';
import type { MergeSchemas } from '../merge/merge-schema.ts';
import { mergePatch } from '../merge/strategic-merge.ts';
import type { ResourceMap } from '../resource-map.ts';
import { readResourceFile, readResources } from '../resource-reader.ts';
import { note, type Resource } from '../resource.ts';
import { effectiveNamespace, formatId, type ResourceId } from '../resource-id.ts';
import { YamlNode } from '../yaml-node.ts';
import { selectResources } from './selector.ts';
import type { Transformer } from './transformer.ts';

/** What patches need besides themselves. */
export interface PatchWorld {
  readonly loader: Loader;
  readonly schemas: MergeSchemas;
}

/** One entry of `patches`: a strategic merge patch or a JSON patch, whichever its text is. @throws KustomizeError */
export async function patchTransformer(args: PatchArgs, config: string, world: PatchWorld): Promise<Transformer> {
  const { text, source } = await patchText(args, config, world.loader);
  const merge = attempt(() => readResources(text));
  const json = attempt(() => readJsonPatch(text));
  if (merge !== undefined && merge.length > 0 && json !== undefined && json.length > 0) {
    throw new KustomizeError(`illegally qualifies as both an SM and JSON patch: ${source}`);
  }
  if (merge === undefined && json === undefined) {
    throw new KustomizeError(`unable to parse SM or JSON patch from ${source}`);
  }
  const { target } = args;
  if (merge === undefined) {
    return (map) => {
      if (target === undefined) throw new KustomizeError(`must specify a target for JSON patch ${source}`);
      applyJsonToAll(map, target, json ?? [], true);
    };
  }
  for (const patch of merge) {
    if (args.options?.allowNameChange === true) patch.enable(note.allowNameChange);
    if (args.options?.allowKindChange === true) patch.enable(note.allowKindChange);
  }
  // Text without any object in it patches nothing.
  if (merge.length === 0) return () => undefined;
  return target === undefined
    ? (map) => mergeByName(map, merge, world.schemas)
    : (map) => mergeSelected(map, merge, target, source, world.schemas);
}

async function patchText(
  { patch = '', path = '' }: PatchArgs,
  config: string,
  loader: Loader,
): Promise<{ readonly text: string; readonly source: string }> {
  const inline = patch.trim();
  if (inline === '' && path === '') throw new KustomizeError(`must specify one of patch and path in\n${config}`);
  if (inline !== '' && path !== '') {
    throw new KustomizeError(`patch and path can't be set at the same time\n${config}`);
  }
  if (inline !== '') return { text: inline, source: `[patch: ${goQuote(inline)}]` };
  try {
    return { text: await loader.loadText(path), source: `[path: ${goQuote(path)}]` };
  } catch (error) {
    throw wrapped(`failed to get the patch file from path(${path})`, error);
  }
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    reasonOf(error);
    return undefined;
  }
}

/** JSON, or YAML that says the same. */
function readJsonPatch(text: string): JsonPatchOperation[] {
  if (text === '') throw new KustomizeError('empty json patch operations');
  const value = text.startsWith('[') ? parseJson(text) : parseYaml(text, { onDuplicateKey: () => undefined });
  if (value === null) return [];
  const isPatch = Array.isArray(value) && value.every((operation) => isJsonObject(operation));
  if (!isPatch) throw new KustomizeError(`json: cannot unmarshal into Go value of type jsonpatch.Patch`);
  const operations = value as unknown as JsonPatchOperation[];
  checkJsonPatch(operations);
  return operations;
}

function mergeByName(map: ResourceMap, patches: readonly Resource[], schemas: MergeSchemas): void {
  for (const patch of patches) {
    let target: Resource;
    try {
      target = map.withId(patch.originalId);
    } catch (error) {
      throw wrapped(`no resource matches strategic merge patch ${goQuote(formatId(patch.originalId))}`, error);
    }
    mergeInto(target, patch, schemas);
  }
}

function mergeSelected(
  map: ResourceMap,
  patches: readonly Resource[],
  selector: Selector,
  source: string,
  schemas: MergeSchemas,
): void {
  const [patch, second] = patches;
  if (second !== undefined || patch === undefined) {
    throw new KustomizeError(
      `Multiple Strategic-Merge Patches in one \`patches\` entry is not allowed to set \`patches.target\` field: ${source}`,
    );
  }
  let selected: readonly Resource[];
  try {
    selected = selectResources(map, selector);
  } catch (error) {
    const { annotationSelector = '', labelSelector = '' } = selector;
    const shown = `${formatId(selector)}:a=${annotationSelector}:l=${labelSelector}`;
    throw wrapped(`unable to find patch target ${goQuote(shown)} in \`resources\``, error);
  }
  mergeIntoAll(map, selected, patch, schemas);
}

/** Merges a patch into each object, under the name and kind of that object. */
function mergeIntoAll(map: ResourceMap, targets: readonly Resource[], patch: Resource, schemas: MergeSchemas): void {
  const ids = new Set(targets.map(({ currentId }) => idText(currentId)));
  const left: Resource[] = [];
  for (const resource of map.resources) {
    if (ids.has(idText(resource.currentId))) {
      const own = patch.copy();
      own.mergeMetadataFrom(patch);
      own.setGvk({ ...resource.gvk, kind: patch.kind });
      mergeInto(resource, own, schemas);
    }
    if (!resource.isEmpty) left.push(resource);
  }
  map.replaceAll([]);
  map.appendAll(left);
}

function idText(id: ResourceId): string {
  return formatId({ ...id, namespace: effectiveNamespace(id) });
}

function mergeInto(target: Resource, patch: Resource, schemas: MergeSchemas): void {
  const { name, namespace, kind } = target;
  const mayRename = patch.isEnabled(note.allowNameChange);
  const mayChangeKind = patch.isEnabled(note.allowKindChange);
  if (mayRename || mayChangeKind) target.storePreviousId();
  const merged = mergePatch(patch.node, target.node, schemas);
  if (merged === undefined) target.node.become(YamlNode.mapping());
  else if (merged !== target.node) target.node.become(merged);
  if (target.isEmpty) return;
  if (!mayChangeKind) target.setKind(kind);
  if (!mayRename) target.setName(name);
  target.setNamespace(namespace);
}

function applyJsonToAll(
  map: ResourceMap,
  selector: Selector,
  operations: readonly JsonPatchOperation[],
  storesId: boolean,
): void {
  for (const resource of selectResources(map, selector)) {
    if (storesId) resource.storePreviousId();
    const { notes } = resource;
    const patched: JsonValue = applyJsonPatch(resource.toJson(), operations, { as: 'kubectl' });
    if (isJsonObject(patched)) resource.node.become(YamlNode.fromJson(asFloats(patched)));
    resource.setAnnotations(new Map([...resource.annotations, ...notes]));
  }
}

/** What Go's decoder makes of JSON without a type: all numbers are floating point. */
function asFloats(value: JsonValue): JsonValue {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(asFloats);
  if (!isJsonObject(value)) return value;
  const object: JsonObject = {};
  for (const [name, item] of Object.entries(value)) setOwn(object, name, asFloats(item));
  return object;
}

/**
 * All of `patchesStrategicMerge`: each is a text with patches, or the path of a file with them.
 * @param more further patches @throws KustomizeError
 */
export async function strategicMergeTransformer(
  paths: readonly string[],
  world: PatchWorld,
  more = '',
): Promise<Transformer> {
  const patches: Resource[] = [];
  for (const path of paths) {
    patches.push(...(attempt(() => readResources(path)) ?? (await readResourceFile(world.loader, path))));
  }
  if (more !== '') patches.push(...readResources(more));
  if (patches.length === 0) {
    throw new KustomizeError(`patch appears to be empty; files=[${paths.join(' ')}], Patch=${more}`);
  }
  return (map) => {
    for (const patch of patches) mergeIntoAll(map, [map.withId(patch.originalId)], patch, world.schemas);
  };
}

/** One entry of `patchesJson6902`. @throws KustomizeError */
export async function jsonPatchTransformer(args: PatchArgs, loader: Loader): Promise<Transformer> {
  const { target, path = '' } = args;
  // kustomize itself stumbles over an entry without a target.
  if (target === undefined) throw new KustomizeError('must specify a target');
  if ((target.name ?? '') === '') throw new KustomizeError('must specify the target name');
  let text = args.patch ?? '';
  if (path === '' && text === '') throw new KustomizeError('empty file path and empty jsonOp');
  if (path !== '') {
    if (text !== '') throw new KustomizeError('must specify a file path or jsonOp, not both');
    text = await loader.loadText(path);
    if (text === '') throw new KustomizeError(`patch file '${path}' empty seems to be empty`);
  }
  const operations = decodeJsonPatch(text, path);
  return (map) => applyJsonToAll(map, target, operations, false);
}

function decodeJsonPatch(text: string, path: string): JsonPatchOperation[] {
  const json = text.startsWith('[') ? text : stringifyJson(parseYaml(text, { onDuplicateKey: () => undefined }));
  let operations: JsonPatchOperation[];
  try {
    operations = readJsonPatch(json);
  } catch (error) {
    throw wrapped(`decoding ${json}`, error);
  }
  if (operations.length === 0) throw new KustomizeError(`patch appears to be empty; file=${path}, JsonOp=${json}`);
  return operations;
}
