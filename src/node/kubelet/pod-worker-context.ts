import type { Pod, Secret, Service } from '../../api/types/core-v1.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { ContainerStatus, ImageService, RuntimeService } from '../cri/runtime.ts';
import type { ImageAccess } from './image-access.ts';
import type { ProbeOutcome } from './kubelet-metrics.ts';
import type { NodeFiles } from './node-files.ts';
import type { NodeDns } from './pod-dns.ts';
import type { Rejection } from './pod-admission.ts';
import type { Prober } from './prober.ts';
import type { DialPod } from './runtime-prober.ts';
import type { StartCounts } from './start-counts.ts';
import type { UserNamespaces } from './user-namespaces.ts';

/** What the workers of a node share. */
export interface PodWorkerContext {
  readonly client: Client;
  readonly runtime: RuntimeService & ImageService;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hostIP: string;
  readonly dns: NodeDns;
  /** All memory of the node. */
  readonly memoryBytes: number;
  readonly files: NodeFiles;
  /** How hooks reach pods. */
  readonly dial: DialPod;
  readonly userNamespaces: UserNamespaces;
  /** A secret that is there. */
  readonly secretOf: (namespace: string, name: string) => Secret | undefined;
  /** Which images may be used with which secrets. */
  readonly imageAccess: ImageAccess;
  /** What the node can give. */
  readonly allocatable: () => Readonly<Record<string, string>>;
  /** All services, for the variables that tell of them. */
  readonly services: () => readonly Service[];
  /** Why the node does not take a pod, next to the others that are there. */
  readonly rejects: (pod: Pod) => Rejection | undefined;
  /** A pod has other resources than before: others may fit now. */
  readonly resized: () => void;
  /** Counts what is started. */
  readonly starts: StartCounts;
  /** A container has ended. */
  readonly countTermination: (kind: string, status: ContainerStatus) => void;
  /** A probe was carried out. */
  readonly countProbe: (outcome: ProbeOutcome) => void;
  /** Records an event about a pod or (with `container`) one of its containers. */
  readonly recordEvent: (
    pod: Pod,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    container?: string,
  ) => void;
}
