import type { EndpointHandler, SpecialEndpoints } from '../route-resource.ts';
import type { PodLogCounts } from '../metrics/pod-log-counts.ts';
import { podLogHandler } from './pod-log.ts';
import { nodeLocation, podLocation, serviceLocation } from './proxy-location.ts';
import { proxyHandler } from './resource-proxy.ts';
import { type PodStreamOptions, portForwardHandler, remoteCommandHandler } from './pod-streams.ts';

/** What the endpoints that stream ask of the rest of the cluster. */
export interface StreamingOptions extends PodStreamOptions {
  /** Told of requests for logs. */
  readonly logs?: PodLogCounts;
}

/** The subresources that are answered by the node of a pod, or by what runs in it. */
export function streamingEndpoints(options: StreamingOptions): SpecialEndpoints {
  const exec = remoteCommandHandler('exec', options);
  const attach = remoteCommandHandler('attach', options);
  const portForward = portForwardHandler(options);
  const { kubelets } = options;
  const proxies = {
    pods: proxyHandler((endpoint) => podLocation(endpoint, kubelets)),
    services: proxyHandler((endpoint) => serviceLocation(endpoint, kubelets)),
    nodes: proxyHandler((endpoint) => nodeLocation(endpoint, kubelets)),
  };
  return new Map<string, Record<string, EndpointHandler>>([
    ['/pods/log', { get: podLogHandler(options.kubelets, options.logs) }],
    ['/pods/exec', { get: exec, create: exec }],
    ['/pods/attach', { get: attach, create: attach }],
    ['/pods/portforward', { get: portForward, create: portForward }],
    ...Object.entries(proxies).map(([resource, proxy]): [string, Record<string, EndpointHandler>] => [
      `/${resource}/proxy`,
      { get: proxy, create: proxy, update: proxy, patch: proxy, delete: proxy },
    ]),
  ]);
}
