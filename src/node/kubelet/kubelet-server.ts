import type { Pod } from '../../api/types/core-v1.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../apimachinery/http.ts';
import type { Clock } from '../../system/clock.ts';
import type { RuntimeService } from '../cri/runtime.ts';
import { handleContainerLogs } from './container-logs.ts';
import { jsonAnswer, KubeletRequestError, textAnswer } from './kubelet-answers.ts';
import { handleNodeLogs } from './node-logs.ts';
import type { NodeFiles } from './node-files.ts';
import { handleMetrics, type MetricsSource } from './kubelet-metrics.ts';
import { handlePortForward } from './port-forward.ts';
import { handleAttach, handleExec } from './remote-command.ts';
import { usageSummary } from './usage/usage-summary.ts';

/** What the kubelet's server needs to know of its node. */
export interface KubeletServerOptions extends MetricsSource {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  /** A pod of this node, as the kubelet has it. */
  readonly podByName: (namespace: string, name: string) => Pod | undefined;
  /** The node's files. */
  readonly files: NodeFiles;
}

/**
 * The kubelet's server as a function: `/containerLogs`, `/exec`, `/attach`, `/portForward`, `/pods`,
 * `/runningpods`, `/metrics` and what is below it, `/stats/summary`, `/logs` and `/healthz` (as on port 10250 of a real node). It trusts whoever calls it: reaching it is the caller's business.
 */
export function createKubeletServer(options: KubeletServerOptions): HttpHandler {
  return async (request) => {
    try {
      return await route(request, options);
    } catch (error) {
      if (!(error instanceof KubeletRequestError)) throw error;
      return textAnswer(error.status, error.message);
    }
  };
}

async function route(request: HttpRequest, options: KubeletServerOptions): Promise<HttpResponse> {
  const mark = request.path.indexOf('?');
  const path = mark < 0 ? request.path : request.path.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : request.path.slice(mark + 1));
  const [endpoint, namespace = '', name = '', ...rest] = path.split('/').slice(1).map(decodeURIComponent);
  switch (endpoint) {
    case 'healthz':
      return textAnswer(200, 'ok');
    case 'logs':
      return handleNodeLogs(path, options.files);
    case 'metrics':
      return handleMetrics(path, options);
    case 'stats':
      return handleStats(request, path, query, options);
    case 'pods':
      return jsonAnswer({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: options.pods() });
    case 'runningpods':
      return jsonAnswer({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: await runningPods(options) });
    case 'containerLogs': {
      const [container = ''] = rest;
      const pod = options.podByName(namespace, name);
      if (pod === undefined) throw new KubeletRequestError(404, `pod "${name}" does not exist`);
      if (!hasContainer(pod, container)) {
        throw new KubeletRequestError(404, `container "${container}" not found in pod "${name}"`);
      }
      const node = { runtime: options.runtime, now: options.clock.now() };
      return handleContainerLogs(request, query, pod, container, node);
    }
    case 'exec':
    case 'attach': {
      // NAMESPACE/POD/CONTAINER, or with the pod's uid before the container.
      const container = rest.at(-1) ?? '';
      const { runtime, clock } = options;
      const pod = options.podByName(namespace, name);
      if (pod === undefined) throw new KubeletRequestError(404, 'pod does not exist');
      const target = { runtime, clock, containerId: await runningContainer(runtime, pod, container) };
      return endpoint === 'exec' ? handleExec(request, query, target) : handleAttach(request, query, target);
    }
    case 'portForward': {
      const { runtime, clock } = options;
      const pod = options.podByName(namespace, name);
      if (pod === undefined) throw new KubeletRequestError(404, 'pod does not exist');
      const sandboxes = await runtime.listPodSandbox({ podUid: pod.metadata.uid ?? '' });
      const sandbox = sandboxes.find(({ state }) => state === 'SANDBOX_READY');
      if (sandbox === undefined)
        throw new KubeletRequestError(500, `pod not found (${JSON.stringify(`${name}_${namespace}`)})`);
      return handlePortForward(request, query, { runtime, clock, pod, sandboxId: sandbox.id });
    }
    default:
      return textAnswer(404, '404 page not found\n');
  }
}

async function handleStats(
  { method }: HttpRequest,
  path: string,
  query: URLSearchParams,
  { usage, summary }: KubeletServerOptions,
): Promise<HttpResponse> {
  if (path !== '/stats/summary') return textAnswer(404, '404: Page Not Found');
  if (method !== 'GET' && method !== 'POST') return textAnswer(405, '405: Method Not Allowed');
  const isShort = query.getAll('only_cpu_and_memory').join(' ') === 'true';
  return jsonAnswer(await usageSummary(await usage.measure(), summary, isShort));
}

/** What the runtime runs, whatever the API says: pods with as much as the runtime knows of them. */
async function runningPods({ runtime }: KubeletServerOptions): Promise<object[]> {
  const running = (await runtime.listContainers({})).filter(({ state }) => state === 'CONTAINER_RUNNING');
  return (await runtime.listPodSandbox({})).flatMap(({ id, metadata: { name, namespace, uid } }) => {
    const containers = running
      .filter(({ podSandboxId }) => podSandboxId === id)
      .map((container) => ({ name: container.metadata.name, image: container.imageId, resources: {} }));
    return containers.length === 0 ? [] : [{ metadata: { name, namespace, uid }, spec: { containers }, status: {} }];
  });
}

/** @throws KubeletRequestError 500, as the real kubelet */
async function runningContainer(runtime: RuntimeService, pod: Pod, name: string): Promise<string> {
  for (const sandbox of await runtime.listPodSandbox({ podUid: pod.metadata.uid ?? '' })) {
    for (const container of await runtime.listContainers({ podSandboxId: sandbox.id })) {
      if (container.metadata.name === name && container.state === 'CONTAINER_RUNNING') return container.id;
    }
  }
  throw new KubeletRequestError(500, `container not found (${JSON.stringify(name)})`);
}

function hasContainer({ spec }: Pod, name: string): boolean {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec ?? {};
  return [...containers, ...initContainers, ...ephemeralContainers].some((container) => container.name === name);
}
