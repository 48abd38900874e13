import {
  decodeTypedDocument,
  headOfTyped,
  type TypedDocument,
  type TypedHead,
  UnregisteredKindError,
} from '../apimachinery/decoding/typed-document.ts';
import { TypedDecodeError } from '../apimachinery/decoding/typed-decode-error.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { formatJsonPath } from '../apimachinery/json-path-text.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { ManifestObject } from '../resource/manifest-objects.ts';
import { type CommandContext, CommandError } from './command.ts';
import { NestedErrors } from './exit.ts';
import { kubectlScheme, typesAround } from './known-types.ts';
import { type ManifestInput, readInput, UnreadableInputError } from './manifest-input.ts';

/** An object of the input that fits its type. */
export interface TypedManifest extends ManifestObject {
  /** What it says itself, which items of lists of one kind need not do; undefined for what it is. */
  readonly said?: Pick<Unstructured, 'apiVersion' | 'kind'>;
}

/** What is wrong with the input, in its place. */
export interface FailedManifest {
  readonly error: unknown;
  /** The list that it is an item of: the errors of one list are told together. */
  readonly list?: object;
}

/**
 * Reads the input into the types of its kinds, as kubectl's builder of typed objects does; lists are taken apart then,
 * and one with an item that does not fit is nothing but its errors.
 */
export async function readTypedInput(
  input: ManifestInput,
  context: CommandContext,
): Promise<readonly (TypedManifest | FailedManifest)[]> {
  const { parts } = await readInput(input, context, { isTyped: true, keepsLists: true });
  const read = await Promise.all(
    parts.map(async (part) => (part instanceof CommandError ? [{ error: part }] : typedPartsOf(part, context))),
  );
  return read.flat();
}

/** The errors of one list become one error; others stay as they are. */
export function errorsOf(failures: readonly FailedManifest[]): readonly unknown[] {
  const lists = new Map<object, unknown[]>();
  const errors: unknown[] = [];
  for (const { error, list } of failures) {
    if (list === undefined) {
      errors.push(error);
      continue;
    }
    const known = lists.get(list);
    if (known === undefined) {
      lists.set(list, [error]);
      errors.push(list);
    } else known.push(error);
  }
  return errors.map((error) => {
    const ofList = lists.get(error as object);
    return ofList === undefined ? error : new NestedErrors(ofList);
  });
}

/** Undefined where the kinds of this program are not known. */
type Decoder = (document: TypedDocument) => Promise<{ readonly head: TypedHead; readonly object: JsonObject }>;

async function typedPartsOf(
  entry: ManifestObject,
  context: CommandContext,
): Promise<readonly (TypedManifest | FailedManifest)[]> {
  const decode: Decoder = async (document) => {
    const head = headOfTyped(document);
    if (isOldRole(head)) return { head, object: document.value as JsonObject };
    return { head, object: decodeTypedDocument(document, head, await typesAround(head, context), kubectlScheme) };
  };
  try {
    const { head, object } = await decode(documentAt(entry, []));
    if (isList(head, object)) return await itemsOf(entry, head, object, decode);
    return [{ ...entry, object: object as unknown as Unstructured }];
  } catch (error) {
    if (!(error instanceof TypedDecodeError)) throw error;
    return [{ error: new UnreadableInputError(`unable to decode ${goQuote(entry.source)}: ${error.message}`) }];
  }
}

/** Old versions of roles are known by name, to be refused by who reads them. */
function isOldRole({ group, version, kind }: TypedHead): boolean {
  return (
    group === 'rbac.authorization.k8s.io' &&
    /^v1(alpha|beta)1$/.test(version) &&
    /^(Cluster)?Role(Binding)?$/.test(kind)
  );
}

function isList({ kind }: TypedHead, object: JsonObject): boolean {
  return kind.endsWith('List') && (Array.isArray(object['items']) || (object['items'] ?? null) === null);
}

type Path = readonly (string | number)[];

/** A value of a manifest as a document of its own. */
function documentAt(entry: ManifestObject, path: Path): TypedDocument {
  let value: JsonValue = (entry.written ?? entry.object) as unknown as JsonObject;
  for (const step of path) value = (value as Record<string | number, JsonValue>)[step] ?? null;
  const before = path.length === 0 ? '' : formatJsonPath(path);
  const within = [...(entry.numberLiterals?.() ?? [])].flatMap(([place, literal]): [string, string][] => {
    if (!place.startsWith(before)) return [];
    return [[place.slice(before.length).replace(/^\./, ''), literal]];
  });
  return { value, text: () => entry.quote?.(path) ?? '', numberLiterals: new Map(within) };
}

/** Lists within lists are taken apart behind what stands beside them. */
async function itemsOf(
  entry: ManifestObject,
  head: TypedHead,
  object: JsonObject,
  decode: Decoder,
): Promise<readonly (TypedManifest | FailedManifest)[]> {
  const list = entry.object;
  if (!isListOfAny(head)) return itemsOfOneKind(entry, head, object);
  const found: (TypedManifest | FailedManifest)[] = [];
  const lists: Path[] = [[]];
  for (const path of lists) {
    const errors: unknown[] = [];
    const { value } = documentAt(entry, path);
    const items = isJsonObject(value) && Array.isArray(value['items']) ? value['items'] : [];
    for (const [index, item] of items.entries()) {
      const at = [...path, 'items', index];
      if (item === null) {
        found.push({ list, error: new CommandError(`${noType} %!q(<nil>): expected pointer, but got invalid kind`) });
        continue;
      }
      try {
        const { head: own, object: read } = await decode(documentAt(entry, at));
        if (!isList(own, read)) found.push(itemAt(entry, at, read));
        else if (isListOfAny(own)) lists.push(at);
        else found.push(...itemsOfOneKind(itemAt(entry, at, item), own, read, list));
      } catch (error) {
        if (error instanceof UnregisteredKindError) found.push({ list, error: new CommandError(unknownType) });
        else errors.push(error);
      }
    }
    if (errors.length > 0) return [{ error: new NestedErrors(errors) }];
  }
  return found;
}

const noType = 'unable to get type info from the object';
const unknownType = `${noType} "*runtime.Unknown": no kind is registered for the type runtime.Unknown in scheme ${goQuote(kubectlScheme)}`;

/** Whether a list has items of any kind, which say what they are. */
function isListOfAny({ kind, apiVersion }: TypedHead): boolean {
  return kind === 'List' && apiVersion === 'v1';
}

/** The items of a list of one kind are of that kind, whatever they say. */
function itemsOfOneKind(
  entry: ManifestObject,
  head: TypedHead,
  read: JsonObject,
  list: object = entry.object,
): readonly TypedManifest[] {
  const { items } = read;
  if (!Array.isArray(items)) return [];
  const { apiVersion } = head;
  const kind = head.kind.slice(0, -'List'.length);
  return items.map((item, index) => {
    const { object, ...about } = itemAt(entry, ['items', index], item);
    const said = { apiVersion: object.apiVersion ?? '', kind: object.kind ?? '' };
    return { ...about, object: { ...object, apiVersion, kind }, said, list: list as JsonObject };
  });
}

function itemAt(entry: ManifestObject, path: Path, item: JsonValue): ManifestObject {
  const value = isJsonObject(item) ? item : {};
  const metadata = value['metadata'];
  return {
    object: { ...value, metadata: isJsonObject(metadata) ? metadata : {} } as unknown as Unstructured,
    source: entry.source,
    list: entry.object as unknown as JsonObject,
    positionOf: (within) => entry.positionOf([...path, ...within]),
    quote: (within) => entry.quote?.([...path, ...within]) ?? '',
    numberLiterals: () => documentAt(entry, path).numberLiterals ?? new Map(),
  };
}
