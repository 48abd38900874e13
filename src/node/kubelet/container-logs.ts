import type { ContainerState, ContainerStatus, Pod } from '../../api/types/core-v1.ts';
import type { HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import type { RuntimeService } from '../cri/runtime.ts';
import { KubeletRequestError } from './kubelet-answers.ts';
import { type LogOptions, readLogs } from './read-logs.ts';

/** Query of `/containerLogs`, the fields of PodLogOptions. @throws KubeletRequestError 400, 422 */
export function parseLogOptions(query: URLSearchParams, now: number): LogOptions & { readonly previous: boolean } {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    if (!/^-?\d+$/.test(text)) throw new KubeletRequestError(400, '{"message": "Unable to decode query."}');
    return Number(text);
  };
  const tail = query.get('tail');
  const tailLines = tail === null || tail === 'all' ? number('tailLines') : number('tail');
  const [sinceSeconds, limitBytes] = [number('sinceSeconds'), number('limitBytes')];
  const sinceTime = query.get('sinceTime') ?? '';
  const stream = query.get('stream') ?? 'All';
  const isInvalid =
    (tailLines ?? 0) < 0 ||
    (limitBytes ?? 1) < 1 ||
    (sinceSeconds ?? 1) < 1 ||
    !isStream(stream) ||
    (sinceSeconds !== undefined && sinceTime !== '');
  if (isInvalid || !isStream(stream)) throw new KubeletRequestError(422, '{"message": "Invalid request."}');
  const since = sinceSeconds === undefined ? Date.parse(sinceTime) : now - sinceSeconds * 1000;
  return {
    follow: query.get('follow') === 'true',
    previous: query.get('previous') === 'true',
    timestamps: query.get('timestamps') === 'true',
    stream,
    ...(Number.isNaN(since) ? {} : { since }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function isStream(text: string): text is LogOptions['stream'] {
  return text === 'All' || text === 'Stdout' || text === 'Stderr';
}

/** `/containerLogs/NAMESPACE/POD/CONTAINER`. @throws KubeletRequestError in the words of the real kubelet */
export async function handleContainerLogs(
  request: HttpRequest,
  query: URLSearchParams,
  pod: Pod,
  container: string,
  node: { readonly runtime: RuntimeService; readonly now: number },
): Promise<HttpResponse> {
  const options = parseLogOptions(query, node.now);
  const id = loggedContainerId(pod, container, options.previous);
  let log;
  try {
    log = await node.runtime.containerLog(id.replace(/^.*:\/\//, ''));
  } catch {
    throw new KubeletRequestError(400, `unable to retrieve container logs for ${id}`);
  }
  const signal = request.signal ?? new AbortController().signal;
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: readLogs(log, options, signal) };
}

/** The container whose log is meant, with the runtime's name in front. @throws KubeletRequestError 400 */
function loggedContainerId(pod: Pod, container: string, previous: boolean): string {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const all: readonly ContainerStatus[] = [
    ...containerStatuses,
    ...initContainerStatuses,
    ...ephemeralContainerStatuses,
  ];
  const status = all.find(({ name }) => name === container);
  const where = `container "${container}" in pod "${pod.metadata.name ?? ''}"`;
  if (status === undefined) throw new KubeletRequestError(400, `${where} is not available`);
  const last = status.lastState?.terminated?.containerID ?? '';
  if (previous) {
    if (last === '') throw new KubeletRequestError(400, `previous terminated ${where} not found`);
    return last;
  }
  const state: ContainerState = status.state ?? {};
  if (state.running !== undefined) return status.containerID ?? '';
  if (state.terminated !== undefined || status.lastState?.terminated !== undefined) {
    const id = state.terminated?.containerID ?? last;
    if (id === '') throw new KubeletRequestError(400, `${where} is terminated`);
    return id;
  }
  throw new KubeletRequestError(400, `${where} ${waitingReason(state.waiting?.reason)}`);
}

function waitingReason(reason: string | undefined): string {
  if (reason === undefined) return 'is waiting to start - no logs yet';
  if (reason === 'ErrImagePull') return "is waiting to start: image can't be pulled";
  if (reason === 'ImagePullBackOff') return 'is waiting to start: trying and failing to pull image';
  return `is waiting to start: ${reason}`;
}
