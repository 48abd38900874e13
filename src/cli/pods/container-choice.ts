import type { Container, EphemeralContainer, Pod } from '../../api/types/core-v1.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import type { VerboseLog } from '../../system/klog.ts';
import { type CommandContext, CommandError } from '../command.ts';

/** Names the container that commands take when none is named (KEP-2227). */
export const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container';

/** A container of a pod and the list it stands in. */
export interface FoundContainer {
  readonly container: Container | EphemeralContainer;
  readonly list: 'containers' | 'initContainers' | 'ephemeralContainers';
}

/** The container of this name, wherever it stands. */
export function findContainer(pod: Pod, name: string): FoundContainer | undefined {
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const) {
    const container = (pod.spec?.[list] ?? []).find((candidate) => candidate.name === name);
    if (container !== undefined) return { container, list };
  }
  return undefined;
}

/** `app, debugger (ephem), setup (init)`. */
export function allContainerNames({ spec }: Pod): string {
  const names = (list: readonly { readonly name: string }[] | undefined, mark: string): string[] =>
    (list ?? []).map(({ name }) => `${name}${mark}`);
  return [
    ...names(spec?.containers, ''),
    ...names(spec?.ephemeralContainers, ' (ephem)'),
    ...names(spec?.initContainers, ' (init)'),
  ].join(', ');
}

/** The line that tells which container was taken, where there is a choice; nothing where there is none. */
export function defaultedNotice(pod: Pod, name: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  if (containers.length + initContainers.length + ephemeralContainers.length < 2) return '';
  return `Defaulted container ${goQuote(name)} out of: ${allContainerNames(pod)}\n`;
}

/**
 * The container that is named, or that the pod's annotation names, or the first one, which is told.
 * @throws CommandError when there is none of that name.
 */
export function chooseContainer(
  pod: Pod,
  named: string,
  tell: (text: string) => void,
  log: VerboseLog | undefined,
): Container | EphemeralContainer {
  const { name: podName = '', namespace = '', annotations } = pod.metadata;
  const [firstOne] = pod.spec?.containers ?? [];
  if (firstOne === undefined) throw new CommandError(`pod ${namespace}/${podName} does not have any containers`);
  const annotated = named === '' ? (annotations?.[defaultContainerAnnotation] ?? '') : '';
  if (annotated !== '') log?.(4, 'podcmd.go:67', `Attempting default container name from annotation ${annotated}`);
  const name = named || annotated;
  if (name === '') {
    tell(defaultedNotice(pod, firstOne.name));
    log?.(4, 'podcmd.go:84', `Using the first container in a pod: ${firstOne.name}`);
    return firstOne;
  }
  const found = findContainer(pod, name);
  if (found === undefined) throw new CommandError(notAContainer(pod, name));
  return found.container;
}

/** `chooseContainer` that tells on standard error, unless it is to be quiet. @throws CommandError */
export function chooseContainerFor(
  pod: Pod,
  { container, quiet = false }: { readonly container: string; readonly quiet?: boolean },
  { streams, log }: Pick<CommandContext, 'streams' | 'log'>,
): Container | EphemeralContainer {
  return chooseContainer(pod, container, (text) => void (quiet || streams.err.write(text)), log);
}

/** What is said of a container's name that a pod does not have. */
export function notAContainer(pod: Pod, name: string): string {
  return `container ${name} is not valid for pod ${pod.metadata.name ?? ''} out of: ${allContainerNames(pod)}`;
}
