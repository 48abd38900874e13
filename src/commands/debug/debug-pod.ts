import type { Container, EphemeralContainer, Node, Pod } from '../../api/types/core-v1.ts';
import { cloneJson, type JsonObject } from '../../apimachinery/json.ts';
import { CommandError } from '../../cli/command.ts';
import { nameSuffix, type Random } from '../../system/random.ts';
import { debugProfiles, type DebugStyle, type KeptParts } from './debug-profiles.ts';

/** What the container for debugging shall be, and the copy it may be in. */
export interface DebugWish {
  /** Empty for a name that is made up. */
  readonly container: string;
  readonly image: string;
  readonly command: readonly string[];
  /** The command is only the arguments of the image's own. */
  readonly argumentsOnly: boolean;
  readonly env: ReadonlyMap<string, string>;
  readonly pullPolicy: string;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Container whose processes are looked at. */
  readonly target: string;
  readonly profile: string;
  readonly kept: KeptParts;
  readonly copyTo: string;
  readonly sameNode: boolean;
  /** undefined when it was not asked for. */
  readonly shareProcesses: boolean | undefined;
  readonly images: ReadonlyMap<string, string>;
}

/** Where choices are told, and names come from. */
export interface DebugWorld {
  readonly random: Random;
  /** Tells of names that were made up. */
  readonly tell: (text: string) => void;
}

/** A pod as it shall be, and the container in it that is for debugging. */
export interface DebugPod {
  readonly pod: Pod;
  readonly list: 'containers' | 'ephemeralContainers';
  /** Empty when only images were changed. */
  readonly container: string;
}

/** The pod with one more ephemeral container. */
export function withEphemeralContainer(pod: Pod, wish: DebugWish, world: DebugWorld): DebugPod {
  const copy = cloneJson(pod as unknown as JsonObject) as unknown as Pod;
  const name = debugName(copy, wish, world);
  const container: EphemeralContainer = {
    ...newContainer(name, wish),
    ...(wish.target === '' ? {} : { targetContainerName: wish.target }),
  };
  copy.spec = { ...copy.spec, containers: copy.spec?.containers ?? [] };
  copy.spec.ephemeralContainers = [...(copy.spec.ephemeralContainers ?? []), container];
  applyProfile(copy, container, 'ephemeral', wish);
  return { pod: copy, list: 'ephemeralContainers', container: name };
}

/** A pod on a node, in the node's own namespaces as far as the profile has it. */
export function nodeDebugPod(node: Node, wish: DebugWish, namespace: string, world: DebugWorld): DebugPod {
  const nodeName = node.metadata.name ?? '';
  const name = wish.container === '' ? 'debugger' : wish.container;
  const podName = `node-debugger-${nodeName}-${nameSuffix(world.random)}`;
  world.tell(`Creating debugging pod ${podName} with container ${name} on node ${nodeName}.\n`);
  const container: Container = newContainer(name, wish);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: podName, namespace, labels: { 'app.kubernetes.io/managed-by': 'kubectl-debug' } },
    spec: {
      containers: [container],
      nodeName,
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
    },
  };
  applyProfile(pod, container, 'node', wish);
  return { pod, list: 'containers', container: name };
}

/** A copy of a pod, with one more container or one that is changed. @throws CommandError */
export function debugCopy(pod: Pod, wish: DebugWish, world: DebugWorld): DebugPod {
  const original = cloneJson(pod as unknown as JsonObject) as unknown as Pod;
  const { namespace, annotations, labels } = original.metadata;
  const copy: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: wish.copyTo,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(labels === undefined ? {} : { labels }),
    },
    spec: { ...original.spec, containers: original.spec?.containers ?? [] },
  };
  const { spec = { containers: [] } } = copy;
  delete spec.ephemeralContainers;
  if (wish.shareProcesses !== undefined) spec.shareProcessNamespace = wish.shareProcesses;
  if (!wish.sameNode) delete spec.nodeName;
  for (const container of spec.containers) {
    const image = wish.images.get(container.name) ?? wish.images.get('*') ?? '';
    if (image !== '') container.image = image;
  }
  const container = containerToChange(copy, wish, world);
  if (container === undefined) return { pod: copy, list: 'containers', container: '' };
  changeContainer(container, wish);
  applyProfile(copy, container, 'copy', wish);
  return { pod: copy, list: 'containers', container: container.name };
}

/** The container that is named, or a new one; none when only images are changed. @throws CommandError */
function containerToChange(copy: Pod, wish: DebugWish, world: DebugWorld): Container | undefined {
  const { containers = [], initContainers = [] } = copy.spec ?? {};
  const known = [...containers, ...initContainers].find(({ name }) => name === wish.container);
  if (known !== undefined) return known;
  if (wish.image === '') {
    if (wish.images.size > 0) return undefined;
    throw new CommandError('you must specify image when creating new container');
  }
  const added: Container = { name: debugName(copy, wish, world), terminationMessagePolicy: 'File' };
  containers.push(added);
  return added;
}

function changeContainer(container: Container, wish: DebugWish): void {
  if (wish.command.length > 0) {
    if (wish.argumentsOnly) container.args = [...wish.command];
    else {
      container.command = [...wish.command];
      delete container.args;
    }
  }
  if (wish.env.size > 0) container.env = variables(wish);
  if (wish.image !== '') container.image = wish.image;
  if (wish.pullPolicy !== '') container.imagePullPolicy = wish.pullPolicy;
  for (const [field, isOn] of [
    ['stdin', wish.stdin],
    ['tty', wish.tty],
  ] as const) {
    if (isOn) container[field] = true;
    else delete container[field];
  }
}

function newContainer(name: string, wish: DebugWish): Container {
  const words = wish.command.length === 0 ? {} : { [wish.argumentsOnly ? 'args' : 'command']: [...wish.command] };
  return {
    name,
    ...(wish.env.size === 0 ? {} : { env: variables(wish) }),
    image: wish.image,
    ...(wish.pullPolicy === '' ? {} : { imagePullPolicy: wish.pullPolicy }),
    ...(wish.stdin ? { stdin: true } : {}),
    ...(wish.tty ? { tty: true } : {}),
    terminationMessagePolicy: 'File',
    ...words,
  };
}

function variables({ env }: DebugWish): { name: string; value: string }[] {
  return [...env].map(([name, value]) => ({ name, value }));
}

function debugName(pod: Pod, { container }: DebugWish, { random, tell }: DebugWorld): string {
  if (container !== '') return container;
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const taken = new Set([...containers, ...initContainers, ...ephemeralContainers].map(({ name }) => name));
  let name: string;
  do name = `debugger-${nameSuffix(random)}`;
  while (taken.has(name));
  tell(`Defaulting debug container name to ${name}.\n`);
  return name;
}

function applyProfile(
  pod: Pod,
  container: Container | EphemeralContainer,
  style: DebugStyle,
  { profile, kept }: DebugWish,
): void {
  debugProfiles[profile]?.(pod, container, style, kept);
}
