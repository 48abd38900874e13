import type { SpecialEndpoints } from '../route-resource.ts';
import { podLogHandler } from './pod-log.ts';
import { type PodStreamOptions, portForwardHandler, remoteCommandHandler } from './pod-streams.ts';

/** What the endpoints that stream ask of the rest of the cluster. */
export type StreamingOptions = PodStreamOptions;

/** The subresources that are answered by the node of a pod. */
export function streamingEndpoints(options: StreamingOptions): SpecialEndpoints {
  const exec = remoteCommandHandler('exec', options);
  const attach = remoteCommandHandler('attach', options);
  const portForward = portForwardHandler(options);
  return new Map([
    ['/pods/log', { get: podLogHandler(options.kubelets) }],
    ['/pods/exec', { get: exec, create: exec }],
    ['/pods/attach', { get: attach, create: attach }],
    ['/pods/portforward', { get: portForward, create: portForward }],
  ]);
}
