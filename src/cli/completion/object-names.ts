import type { Pod } from '../../api/types/core-v1.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { CommandError } from '../command.ts';
import { isPod } from '../pods/pod-object.ts';
import { byActivity } from '../pods/pod-order.ts';
import { podSelectorOf } from '../pods/pods-of-object.ts';
import { type ArgumentCompletion } from './argument-completion.ts';
import { type Completions, directives, words } from './directives.ts';

/** Runs a command line of this program, and gives what it printed; nothing of what went wrong. */
export type Ask = (...argv: string[]) => Promise<string>;

/** Names of what is in the working folder, those of folders with a slash behind them. */
export type ListFolder = () => Promise<readonly string[]>;

const typesWithPods = 'daemonsets deployments pods jobs replicasets replicationcontrollers services statefulsets'.split(
  ' ',
);

/** Completes an argument. @param args those before it. @param word what was typed of it */
export async function completeArgument(
  about: ArgumentCompletion,
  args: readonly string[],
  word: string,
  ask: Ask,
  listFolder: ListFolder,
): Promise<Completions> {
  switch (about.kind) {
    case 'words':
      return args.length === 0 ? words(startingWith(about.words, word)) : words([], directives.default);
    case 'file':
      return words(args.length === 0 ? await filesFor(word, ask, listFolder) : [], directives.noSpace);
    case 'contexts':
    case 'clusters':
    case 'users':
      return words(args.length === 0 ? await configEntries(about.kind, word, ask) : []);
    case 'name':
      return words(args.length === 0 ? await namesOf(about.type, word, ask) : []);
    case 'pod':
      return completePod(about, args, word, ask);
    default:
      return completeObjects(about, args, word, ask);
  }
}

function startingWith(candidates: readonly string[], word: string): string[] {
  return candidates.filter((candidate) => candidate.startsWith(word));
}

/** Names of entries of the kubeconfig. */
export async function configEntries(
  kind: 'contexts' | 'clusters' | 'users',
  word: string,
  ask: Ask,
): Promise<string[]> {
  const text = await (kind === 'contexts' ? ask('config', 'get-contexts', '-o', 'name') : ask('config', `get-${kind}`));
  const lines = text.split('\n').filter((line) => line !== '');
  return startingWith(kind === 'contexts' ? lines : lines.slice(1), word);
}

/** Names of objects of a type. */
export async function namesOf(type: string, word: string, ask: Ask, flags: readonly string[] = []): Promise<string[]> {
  const text = await ask('get', type, ...flags, '-o', 'jsonpath={.items[*].metadata.name}');
  return startingWith(
    text.split(' ').filter((name) => name !== ''),
    word,
  );
}

/** The name of the pod that `POD` or `TYPE/NAME` stands for; empty where there is none. */
async function podNameOf(subject: string, ask: Ask): Promise<string> {
  if (!subject.includes('/')) return subject;
  const object = objectIn(await ask('get', subject, '-o', 'json')) as Unstructured | undefined;
  if (object === undefined) return '';
  if (isPod(object)) return object.metadata.name ?? '';
  try {
    const list = objectIn(await ask('get', 'pods', '-l', podSelectorOf(object), '-o', 'json'));
    const pods = (list?.['items'] ?? []) as unknown as readonly Pod[];
    return pods.toSorted(byActivity)[0]?.metadata.name ?? '';
  } catch (error) {
    if (error instanceof CommandError) return '';
    throw error;
  }
}

function objectIn(text: string): JsonObject | undefined {
  if (text === '') return undefined;
  const value = JSON.parse(text) as JsonValue;
  return isJsonObject(value) ? value : undefined;
}

/** Folders and files here, `namespace/` and `pod:`, and what stands behind a namespace. */
async function filesFor(word: string, ask: Ask, listFolder: ListFolder): Promise<string[]> {
  if (/^[/.~]/.test(word) || word.includes(':')) return [];
  const slash = word.indexOf('/');
  if (slash > 0) {
    const namespace = word.slice(0, slash);
    const pods = await namesOf('pod', word.slice(slash + 1), ask, ['-n', namespace]);
    return pods.map((pod) => `${namespace}/${pod}:`);
  }
  const namespaces = await namesOf('namespace', word, ask);
  const pods = await namesOf('pod', word, ask);
  const found = [...namespaces.map((name) => `${name}/`), ...pods.map((name) => `${name}:`)];
  // Without a word all files here would be too many; without anything else the shell offers files by itself.
  if (word === '') return [...found, './', '/'];
  return found.length === 0 ? [] : [...found, ...startingWith(await listFolder(), word)];
}

/** Names of the containers of a pod, initial ones first. */
export async function containersOf(pod: string, word: string, ask: Ask): Promise<string[]> {
  const path = 'jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}';
  const name = await podNameOf(pod, ask);
  if (name === '') return [];
  const text = await ask('get', 'pod', name, '-o', path);
  return startingWith(
    text.split(' ').filter((name) => name !== ''),
    word,
  );
}

async function portsOf(subject: string, word: string, ask: Ask): Promise<string[]> {
  const [type = '', name] = subject.includes('/') ? subject.split('/') : ['pod'];
  const isService = ['service', 'services', 'svc'].includes(type);
  const found = isService ? (name ?? '') : await podNameOf(subject, ask);
  if (found === '') return [];
  const path = isService ? '{.spec.ports[*].port}' : '{.spec.containers[*].ports[*].containerPort}';
  const text = await ask('get', isService ? 'service' : 'pod', found, '-o', `jsonpath=${path}`);
  const own = word.split(':')[0] ?? '';
  const ports = text.split(' ').filter((port) => port !== '');
  return startingWith(
    ports.map((port) => `${word === '' ? port : own}:${port}`),
    word,
  );
}

/** Types that can be read; behind a comma a further one. */
async function typesFor(word: string, ask: Ask): Promise<string[]> {
  const text = await ask('api-resources', '-o', 'name', '--cached', '--verbs=get');
  const comma = word.lastIndexOf(',') + 1;
  const types = startingWith(
    text.split('\n').filter((type) => type !== ''),
    word.slice(comma),
  );
  return types.map((type) => word.slice(0, comma) + type);
}

async function completePod(
  { next }: Extract<ArgumentCompletion, { readonly kind: 'pod' }>,
  args: readonly string[],
  word: string,
  ask: Ask,
): Promise<Completions> {
  const [pod] = args;
  if (pod !== undefined) {
    if (args.length > 1 || next === undefined) return words([]);
    return words(await (next === 'containers' ? containersOf(pod, word, ask) : portsOf(pod, word, ask)));
  }
  const slash = word.indexOf('/');
  if (slash >= 0) return words(await qualifiedNames(word, slash, ask));
  const pods = await namesOf('pod', word, ask);
  const types = startingWith(typesWithPods, word).map((type) => `${type}/`);
  // Nothing stands behind a slash yet, so that no space may either.
  return words([...pods, ...types], directives.noFiles + (pods.length === 0 ? directives.noSpace : 0));
}

async function qualifiedNames(word: string, slash: number, ask: Ask): Promise<string[]> {
  const type = word.slice(0, slash);
  return (await namesOf(type, word.slice(slash + 1), ask)).map((name) => `${type}/${name}`);
}

async function completeObjects(
  { types, once = false }: Extract<ArgumentCompletion, { readonly kind: 'objects' }>,
  args: readonly string[],
  word: string,
  ask: Ask,
): Promise<Completions> {
  const [first, ...names] = args;
  if (first !== undefined && !first.includes('/')) {
    if (once && names.length > 0) return words([]);
    return words((await namesOf(first, word, ask)).filter((name) => !names.includes(name)));
  }
  if (once && args.length > 0) return words([]);
  const slash = word.indexOf('/');
  if (slash >= 0) return words((await qualifiedNames(word, slash, ask)).filter((name) => !args.includes(name)));
  const found = types === undefined ? await typesFor(word, ask) : startingWith(types, word);
  if (first === undefined) return words(found);
  return words(
    found.map((type) => `${type}/`),
    directives.noFiles + directives.noSpace,
  );
}
