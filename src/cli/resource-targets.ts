import { goQuote } from '../apimachinery/field-error.ts';
import { formatGroupVersion } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { RestMapping } from '../apimachinery/rest-mapping.ts';
import type { AnswerReader, Client } from '../client/client.ts';
import { listError } from '../client/list-error.ts';
import { inOrder } from '../generators/request-plan.ts';
import {
  findMapping,
  missingNamespaceOr,
  resourceOf,
  servedMapping,
  type SourcedObject,
} from '../resource/resource-access.ts';
import { parseResourceArguments } from '../resource/resource-arguments.ts';
import type { Discovery } from '../schema-cache/discovery.ts';
import { type CommandContext, CommandError } from './command.ts';
import { answersOfAnyType } from './typed-answers.ts';
import { errorsOf, type FailedManifest, readTypedInput } from './typed-input.ts';
import { labelFilter, type ManifestInput, readInput, requireInputAlone } from './manifest-input.ts';

/** What is said where neither arguments nor files name anything. */
export const nothingNamed =
  "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'";

/** What the arguments and flags of a command that works on existing objects say. */
export interface TargetRequest {
  readonly args: readonly string[];
  readonly input: ManifestInput;
  /** Whether a kind without names stands for all its objects. */
  readonly all: boolean;
  readonly selector: string;
  readonly fieldSelector: string;
  readonly allNamespaces: boolean;
  /** Whether objects of files become ones of their types. */
  readonly isTyped?: boolean;
  /**
   * When an object of another namespace than --namespace names is refused: before anything is asked for (the default),
   * when it is loaded, as by commands of the real program that look at the latest, or never.
   */
  readonly namespaceCheck?: 'first' | 'loaded' | 'never';
  /** Whether an object of a file that tells no version is one of that which is served. */
  readonly isServed?: boolean;
}

/** One object that a command line names; without a name all that the selectors leave. */
export interface ResourceTarget {
  readonly mapping: RestMapping;
  readonly namespace: string;
  readonly name: string | undefined;
  /** The manifest it comes from; empty for arguments. */
  readonly source: string;
  /** The object of the manifest. */
  readonly manifest?: Unstructured;
  /** What is said of it when it is loaded: that it is of another namespace than the one that was asked for. */
  readonly misplaced?: CommandError;
  readonly selectors?: { readonly labelSelector: string; readonly fieldSelector: string };
  /** The list of its file that it is an item of. */
  readonly list?: object;
  /** Reads the answers to requests for it; without it they are objects of any kind. */
  readonly read?: AnswerReader;
}

/** What is wrong with an object of a file, in its place. */
export type FailedTarget = FailedManifest;

/** A target and the object as the server has it. */
export interface LoadedTarget extends ResourceTarget {
  readonly name: string;
  readonly object: Unstructured;
}

/**
 * Finds what `-f` or the arguments name, in their order, without asking for the objects. What is wrong with single
 * objects of files stands in their place.
 * @throws CommandError
 */
export async function resolveTargets(
  request: TargetRequest,
  context: CommandContext,
): Promise<(ResourceTarget | FailedTarget)[]> {
  if (request.args.length === 0 && request.input.filenames.length === 0) throw new CommandError(nothingNamed);
  const namespace = await context.cluster.namespace();
  await requireInputAlone(request.input, request.args, context);
  const discovery = await context.cluster.discovery();
  const reading = request.isTyped === true ? { read: answersOfAnyType(context) } : {};
  if (request.input.filenames.length > 0) {
    const selects = labelFilter(request.selector);
    const { isTyped = false, isServed = false } = request;
    const parts = isTyped
      ? await readTypedInput(request.input, context)
      : (await readInput(request.input, context)).parts.map((part) =>
          part instanceof CommandError ? { error: part } : part,
        );
    const targets = parts
      .filter((part) => 'error' in part || selects(part.object))
      .map(async (manifest) => {
        if ('error' in manifest) return manifest;
        const list = isTyped && manifest.list !== undefined ? { list: manifest.list } : {};
        try {
          const asked = request.allNamespaces ? { ...namespace, name: '' } : namespace;
          const target = await targetOf(manifest, asked, discovery, context, request.namespaceCheck);
          return { ...target, ...list, ...reading, ...(isServed ? { mapping: servedMapping(target.mapping) } : {}) };
        } catch (error) {
          return { error, ...list };
        }
      });
    return Promise.all(targets);
  }
  const found = await discovery.withMapper((mapper) => parseResourceArguments(request.args, mapper));
  const { selector, fieldSelector } = request;
  const hasSelector = selector !== '' || fieldSelector !== '';
  return found.map(({ mapping, name }) => {
    if (name !== undefined && hasSelector) throw new CommandError(namedAndSelected(request.args));
    if (name !== undefined && request.allNamespaces) {
      throw new CommandError('a resource cannot be retrieved by name across all namespaces');
    }
    if (name === undefined && !request.all && !hasSelector) {
      throw new CommandError('resource(s) were provided, but no name was specified');
    }
    const place = request.allNamespaces ? '' : namespace.name;
    const selectors = { labelSelector: selector, fieldSelector };
    return { mapping, namespace: place, name, source: '', ...(name === undefined ? { selectors } : {}), ...reading };
  });
}

/** @throws CommandError */
async function targetOf(
  entry: SourcedObject,
  asked: AskedNamespace,
  discovery: Discovery,
  context: CommandContext,
  check: 'first' | 'loaded' | 'never' = 'first',
): Promise<ResourceTarget> {
  const { object, source } = entry;
  const mapping = await findMapping(discovery, entry);
  const own = object.metadata.namespace ?? '';
  const problem = mapping.namespaced && check !== 'never' ? namespaceProblem(own, asked, context) : undefined;
  if (problem !== undefined && check === 'first') throw problem;
  const namespace = own === '' ? asked.name : own;
  const misplaced = problem === undefined ? {} : { misplaced: problem };
  return { mapping, namespace, name: object.metadata.name ?? '', source, manifest: object, ...misplaced };
}

/** What is said of arguments that only a server could find. */
export const notLocal =
  "you must specify resources by --filename when --local is set.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'";

/** What is said of names beside a selector. */
export function namedAndSelected(args: readonly string[]): string {
  return args.some((argument) => argument.includes('/'))
    ? 'selectors and the all flag cannot be used when passing resource/name arguments'
    : 'name cannot be provided when a selector is specified';
}

/** The namespace that a command line asks for. */
interface AskedNamespace {
  readonly name: string;
  readonly explicit: boolean;
}

/** Refuses an object of another namespace than --namespace names. @throws CommandError */
export function checkNamespace(own: string, asked: AskedNamespace, context: CommandContext): void {
  const problem = namespaceProblem(own, asked, context);
  if (problem !== undefined) throw problem;
}

/** What is wrong with an object of another namespace than --namespace names. */
export function namespaceProblem(
  own: string,
  asked: AskedNamespace,
  context: CommandContext,
): CommandError | undefined {
  if (own === '' || own === asked.name) return undefined;
  if (!asked.explicit || context.globals.string('namespace') === '') return undefined;
  return new CommandError(
    `the namespace from the provided object "${own}" does not match the namespace "${asked.name}". You must pass '--namespace=${own}' to perform this operation.`,
  );
}

/** How errors of lists call a resource: `apps/v1, Resource=deployments`. */
export function listSubject({ gvr }: RestMapping): string {
  return `${gvr.group}/${gvr.version}, Resource=${gvr.resource}`;
}

/** What the server has of the targets: objects in order, and what went wrong with the others. */
export interface LoadedTargets {
  readonly objects: readonly LoadedTarget[];
  readonly errors: readonly unknown[];
}

/** How targets are asked for. */
export interface LoadOptions {
  /** How many of a list at once; 0 is all. */
  readonly chunkSize?: number;
  /** Whether what a manifest names is asked for as well (the default), or taken as it stands there. */
  readonly manifests?: 'refreshed' | 'as-given';
  /** Leaves it at the object when one of a manifest is not there, though its whole namespace may be missing. */
  readonly manifestsAlone?: boolean;
  /** What becomes of an object of a manifest that has no name: it is refused (the default), or taken as it stands there. */
  readonly nameless?: 'refused' | 'as-given';
  /** What is asked for below objects that have names; empty for the objects themselves. */
  readonly subresource?: string;
}

/** What a command that changes objects of one namespace is told of them. */
export type ChangeRequest = Pick<TargetRequest, 'args' | 'input' | 'isTyped'> &
  Partial<Pick<TargetRequest, 'all' | 'selector'>>;

/** Finds and loads the objects that a command changes: one without a name is taken as it stands in its file. */
export async function loadTargetsToChange(
  { args, input, isTyped = false, all = true, selector = '' }: ChangeRequest,
  context: CommandContext,
  options: LoadOptions = {},
): Promise<LoadedTargets> {
  const asked = { args, input, isTyped, all, selector, fieldSelector: '', allNamespaces: false };
  const targets = await resolveTargets({ ...asked, namespaceCheck: 'loaded' }, context);
  return loadTargets(targets, context, { nameless: 'as-given', ...options });
}

/** Asks the server for the targets, side by side; lists come as their items. */
export async function loadTargets(
  targets: readonly (ResourceTarget | FailedTarget)[],
  context: CommandContext,
  options: LoadOptions = {},
): Promise<LoadedTargets> {
  const client = await context.cluster.client();
  const objects: LoadedTarget[] = [];
  const errors: FailedTarget[] = [];
  await inOrder(
    targets,
    (target) => loadTarget(target, client, options),
    (result, { list }) => {
      if (result.ok) objects.push(...result.value.objects);
      const error = result.ok ? result.value.error : result.error;
      if (error !== undefined) errors.push({ error, ...(list === undefined ? {} : { list }) });
    },
  );
  return { objects, errors: errorsOf(errors) };
}

/** What a target stands for. An error that comes in the middle of a list leaves what came before. */
interface LoadedPart {
  readonly objects: readonly LoadedTarget[];
  readonly error?: unknown;
}

async function loadTarget(
  target: ResourceTarget | FailedTarget,
  client: Client,
  options: LoadOptions,
): Promise<LoadedPart> {
  if ('error' in target) return { objects: [], error: target.error };
  const { name, manifest } = target;
  if (name === undefined) return loadList(target, client, options);
  if (options.manifests === 'as-given' && manifest !== undefined) {
    return { objects: [{ ...target, name, object: manifest }] };
  }
  if (options.nameless === 'as-given' && manifest !== undefined) {
    const { mapping, namespace } = target;
    if (name !== '') requireNamespace(mapping, namespace, name);
    else {
      const hasNamespace = mapping.namespaced && namespace !== '';
      const metadata = hasNamespace ? { ...manifest.metadata, namespace } : manifest.metadata;
      return { objects: [{ ...target, name, object: { ...manifest, metadata } }] };
    }
  }
  const object = await loadNamed(target, name, client, options);
  if (target.misplaced !== undefined) throw target.misplaced;
  return { objects: [{ ...target, name, object }] };
}

/** Objects of files are left without a namespace where all are asked for; such a one cannot be found. @throws CommandError */
function requireNamespace({ namespaced, gvr }: RestMapping, namespace: string, name: string): void {
  if (!namespaced || namespace !== '') return;
  const what = `${gvr.group}/${gvr.version}, Resource=${gvr.resource}`;
  throw new CommandError(`no namespace set on resource ${what} ${goQuote(name)}`);
}

/** @throws StatusError, TransportError */
async function loadNamed(
  { mapping, namespace, manifest, read }: ResourceTarget,
  name: string,
  client: Client,
  { manifestsAlone = false, subresource = '' }: LoadOptions,
): Promise<Unstructured> {
  try {
    return await resourceOf(client, mapping, namespace, read).get(name, subresource === '' ? {} : { subresource });
  } catch (error) {
    if (manifestsAlone && manifest !== undefined) throw error;
    throw await missingNamespaceOr(error, client, mapping, namespace);
  }
}

async function loadList(
  target: ResourceTarget,
  client: Client,
  { chunkSize = 500, subresource = '' }: LoadOptions,
): Promise<LoadedPart> {
  const { mapping, namespace, selectors, read } = target;
  const objects: LoadedTarget[] = [];
  try {
    if (subresource !== '') throw new CommandError('subresource cannot be used when bulk resources are specified');
    let continueToken = '';
    do {
      const page = await resourceOf(client, mapping, namespace, read).list({
        ...selectors,
        ...(chunkSize > 0 ? { limit: chunkSize } : {}),
        ...(continueToken === '' ? {} : { continue: continueToken }),
      });
      for (const item of page.items) {
        const object = { ...item, apiVersion: formatGroupVersion(mapping.gvk), kind: mapping.gvk.kind };
        const place = item.metadata.namespace ?? namespace;
        objects.push({ ...target, namespace: place, name: item.metadata.name ?? '', object });
      }
      continueToken = page.metadata.continue ?? '';
    } while (continueToken !== '');
  } catch (error) {
    return { objects, error: listError(error, listSubject(mapping), selectors ?? {}) };
  }
  return { objects };
}
