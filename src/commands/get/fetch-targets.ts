import { goQuote } from '../../apimachinery/field-error.ts';
import { gvrText, resourcePath } from '../../apimachinery/gvk.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import type { RestMapping } from '../../apimachinery/rest-mapping.ts';
import { hasReason } from '../../apimachinery/status.ts';
import { type CommandContext, CommandError } from '../../cli/command.ts';
import { asOneLine, asOneOfSeveral } from '../../cli/exit.ts';
import { labelFilter, readInput, requireInputAlone, UnreadableInputError } from '../../cli/manifest-input.ts';
import { listSubject, namedAndSelected, namespaceProblem } from '../../cli/resource-targets.ts';
import { answeredObject } from '../../client/answered-object.ts';
import type { Client } from '../../client/client.ts';
import { checkNamespaceName, checkResourceName } from '../../client/path-segment.ts';
import { listError } from '../../client/list-error.ts';
import { findMapping, missingNamespaceOr } from '../../resource/resource-access.ts';
import { parseResourceArguments, type ResourceArgument } from '../../resource/resource-arguments.ts';
import type { GetOptions } from './get-options.ts';

/** What is asked for: an object, or all of a kind. */
export interface Target extends ResourceArgument {
  readonly namespace: string;
  /** An object of a file that has no name to be asked for: it is shown as it stands there. */
  readonly asGiven?: Unstructured;
  /** What is said of the object when it is there: that its file means another namespace. */
  readonly refusal?: CommandError | undefined;
  /** Whether what the server says of an object of a file fits `-l`. */
  readonly selects?: (object: Unstructured) => boolean;
  /** The list of a file that the object is an item of. */
  readonly list?: unknown;
}

/** What is wrong with a part of a file, in its place. */
export interface FailedTarget {
  readonly failure: unknown;
  readonly list?: unknown;
}

/** The targets, and whether they can be no more than one object. */
export interface Targets {
  readonly targets: readonly (Target | FailedTarget)[];
  readonly isSingle: boolean;
  /** Whether they come from one file, of which nothing is printed when something is wrong. */
  readonly isOneFile: boolean;
}

/** Finds what `-f` or the arguments name. @throws CommandError */
export async function findTargets(options: GetOptions, context: CommandContext): Promise<Targets> {
  const asked = await context.cluster.namespace();
  const namespace = asked.name;
  await requireInputAlone(options.input, options.args, context);
  const discovery = await context.cluster.discovery();
  const { filenames } = options.input;
  if (filenames.length > 0) {
    const selects = labelFilter(options.selector);
    const targets: (Target | FailedTarget)[] = [];
    const sources = new Set<string>();
    const read = await readInput(options.input, context);
    for (const part of read.parts) {
      if (part instanceof CommandError) {
        targets.push({ failure: part });
        continue;
      }
      const { object, source, written = object, list } = part;
      sources.add(source);
      let mapping: RestMapping;
      try {
        mapping = await findMapping(discovery, part);
      } catch (failure) {
        targets.push({ failure, list });
        continue;
      }
      const { name = '', namespace: own = '' } = object.metadata;
      const isScoped = mapping.namespaced;
      const target = { mapping, name, namespace: own === '' ? namespace : own, selects, list };
      if (name === '') targets.push({ ...target, asGiven: written as Unstructured });
      else if (own !== '' || !isScoped || !options.allNamespaces) {
        const isFree = options.allNamespaces || !isScoped;
        targets.push({ ...target, refusal: isFree ? undefined : namespaceProblem(own, asked, context) });
      } else {
        const problem = `no namespace set on resource ${gvrText(mapping.gvr)} ${goQuote(name)}`;
        targets.push({ failure: new UnreadableInputError(problem), list });
      }
    }
    const isOneFile = sources.size <= 1 && filenames.length === 1 && filenames[0] !== '-';
    return { targets, isSingle: isOneFile && targets.length === 1, isOneFile };
  }
  const found = await discovery.withMapper((mapper) => parseResourceArguments(options.args, mapper));
  const isNamed = found.some((target) => target.name !== undefined);
  if (isNamed && options.allNamespaces) {
    throw new CommandError('a resource cannot be retrieved by name across all namespaces');
  }
  if (isNamed && (options.selector !== '' || options.fieldSelector !== '')) {
    throw new CommandError(namedAndSelected(options.args));
  }
  if (!isNamed && options.subresource !== '') {
    throw new CommandError('subresource cannot be used when bulk resources are specified');
  }
  const targets = found.map((target) => ({ ...target, namespace: options.allNamespaces ? '' : namespace }));
  return { targets, isSingle: targets.length === 1 && targets[0]?.name !== undefined, isOneFile: false };
}

/** The path of a target's object or list. */
export function pathOf(mapping: RestMapping, namespace: string, name: string | undefined, subresource = ''): string {
  const scope = mapping.namespaced ? namespace : undefined;
  if (name !== undefined) checkResourceName(name);
  if (scope !== undefined) checkNamespaceName(scope);
  return resourcePath(mapping.gvr, scope, name, subresource === '' ? undefined : subresource);
}

/** An answer about a target: an object, a list or a piece of one, a Table. */
export interface Page {
  readonly target: Target;
  readonly answer: Unstructured;
}

/** What the server says of all targets. */
export interface Fetched {
  /** The kinds that there is something of, an empty list included, in the order of the targets. */
  readonly kinds: readonly RestMapping[];
  /** The answers in the order of the targets, lists in pieces as they come. */
  readonly pages: AsyncIterable<Page>;
  /** What could not be had; whole when the pages have been gone through. */
  readonly errors: readonly unknown[];
  /** The same, where what is wrong with items of one list is one error. */
  readonly errorsByList: readonly unknown[];
}

/**
 * Asks for all targets side by side. Only the first piece of each is held; later ones are asked for one ahead of the
 * one that is used.
 */
export async function fetchTargets(
  targets: readonly (Target | FailedTarget)[],
  options: GetOptions,
  client: Client,
  accept: string,
): Promise<Fetched> {
  const errors = new NotedErrors();
  const note = (error: unknown, target: Target | FailedTarget): void => {
    if (options.ignoreNotFound && hasReason(error, 'NotFound')) return;
    // The real program collects what is wrong with lists.
    const isOfList = 'name' in target && target.name === undefined && !(error instanceof CommandError);
    errors.add(isOfList ? asOneOfSeveral(error) : error, target.list);
  };
  const started = targets.map((target) => {
    if ('failure' in target) return { target, first: Promise.resolve({ error: target.failure }) };
    const pages = pagesOf(target, options, client, accept);
    return { target, pages, first: pages.next().catch((error: unknown) => ({ error })) };
  });
  const firsts = await Promise.all(started.map(async ({ first }) => first));
  const kinds = targets.flatMap((target, index) =>
    'failure' in target || 'error' in (firsts[index] ?? {}) ? [] : [target.mapping],
  );

  async function* all(): AsyncGenerator<Page> {
    for (const { target, pages, first } of started) {
      const opening = await first;
      if ('error' in opening || pages === undefined) {
        note((opening as { readonly error: unknown }).error, target);
        continue;
      }
      let page = opening;
      try {
        while (page.done !== true) {
          const next = pages.next();
          // Its error is met when it is waited for.
          next.catch(() => undefined);
          yield { target, answer: page.value };
          page = await next;
        }
      } catch (error) {
        note(error, target);
      }
    }
  }
  return {
    kinds,
    pages: all(),
    get errors() {
      return errors.all();
    },
    get errorsByList() {
      return errors.byList();
    },
  };
}

/** Errors in the order of what they are about. */
class NotedErrors {
  readonly #noted: { readonly list: unknown; readonly errors: unknown[] }[] = [];

  add(error: unknown, list: unknown): void {
    const last = this.#noted.at(-1);
    if (list !== undefined && last?.list === list) last.errors.push(error);
    else this.#noted.push({ list, errors: [error] });
  }

  all(): unknown[] {
    return this.#noted.flatMap(({ errors }) => errors);
  }

  byList(): unknown[] {
    return this.#noted.flatMap(({ list, errors }) => (list === undefined ? errors : [asOneLine(errors)]));
  }
}

async function* pagesOf(
  target: Target,
  options: GetOptions,
  client: Client,
  accept: string,
): AsyncGenerator<Unstructured, undefined> {
  const { mapping, name, namespace, asGiven, refusal, selects } = target;
  if (asGiven !== undefined) {
    yield asGiven;
    return undefined;
  }
  const path = pathOf(mapping, namespace, name, options.subresource);
  if (name !== undefined) {
    const request = { method: 'GET', path, accept, query: objectQuery(options, accept) } as const;
    const response = await client.request(request).catch(async (error: unknown) => {
      throw await missingNamespaceOr(error, client, mapping, namespace);
    });
    if (refusal !== undefined) throw refusal;
    const answer = answeredObject(response);
    if (selects === undefined || selects(answer)) yield answer;
    return undefined;
  }
  const selectors = { labelSelector: options.selector, fieldSelector: options.fieldSelector };
  let continueToken: string | undefined;
  do {
    const query = {
      ...selectors,
      ...objectQuery(options, accept),
      limit: options.chunkSize > 0 ? options.chunkSize : undefined,
      continue: continueToken,
    };
    let page: Unstructured;
    try {
      const response = await client.request({ method: 'GET', path, accept, query });
      page = answeredObject(response);
    } catch (error) {
      throw listError(error, listSubject(mapping), selectors);
    }
    continueToken = (page.metadata as { continue?: string } | undefined)?.continue;
    yield page;
  } while (continueToken !== undefined && continueToken !== '');
  return undefined;
}

/** Rows that are sorted need the whole object. */
function objectQuery(options: GetOptions, accept: string): { readonly includeObject?: string } {
  return options.sortBy !== '' && accept.includes('Table') ? { includeObject: 'Object' } : {};
}
