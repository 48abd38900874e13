import { type ArgumentCompletion } from './argument-completion.ts';
import { type Completions, directives, words } from './directives.ts';

/** Runs a command line of this program, and gives what it printed; nothing of what went wrong. */
export type Ask = (...argv: string[]) => Promise<string>;

const typesWithPods = 'daemonsets deployments pods jobs replicasets replicationcontrollers services statefulsets'.split(
  ' ',
);

/** Completes an argument. @param args those before it. @param word what was typed of it */
export async function completeArgument(
  about: ArgumentCompletion,
  args: readonly string[],
  word: string,
  ask: Ask,
): Promise<Completions> {
  switch (about.kind) {
    case 'words':
      return words(args.length === 0 ? startingWith(about.words, word) : []);
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
export async function namesOf(type: string, word: string, ask: Ask): Promise<string[]> {
  const text = await ask('get', type, '-o', 'jsonpath={.items[*].metadata.name}');
  return startingWith(
    text.split(' ').filter((name) => name !== ''),
    word,
  );
}

/** Names of the containers of a pod, initial ones first. */
export async function containersOf(pod: string, word: string, ask: Ask): Promise<string[]> {
  if (pod.includes('/')) return [];
  const path = 'jsonpath={.spec.initContainers[*].name} {.spec.containers[*].name}';
  const text = await ask('get', 'pod', pod, '-o', path);
  return startingWith(
    text.split(' ').filter((name) => name !== ''),
    word,
  );
}

async function portsOf(subject: string, word: string, ask: Ask): Promise<string[]> {
  const [type = '', name] = subject.includes('/') ? subject.split('/') : ['pod', subject];
  const isService = ['service', 'services', 'svc'].includes(type);
  if (!isService && subject.includes('/')) return [];
  const path = isService ? '{.spec.ports[*].port}' : '{.spec.containers[*].ports[*].containerPort}';
  const text = await ask('get', isService ? 'service' : 'pod', name ?? '', '-o', `jsonpath=${path}`);
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
