import type { SpecialEndpoints } from '../route-resource.ts';
import type { KubeletConnections } from './kubelet-connections.ts';
import { podLogHandler } from './pod-log.ts';

/** What the endpoints that stream ask of the rest of the cluster. */
export interface StreamingOptions {
  readonly kubelets: KubeletConnections;
}

/** The subresources that are answered by the node of a pod. */
export function streamingEndpoints({ kubelets }: StreamingOptions): SpecialEndpoints {
  return new Map([['/pods/log', { get: podLogHandler(kubelets) }]]);
}
