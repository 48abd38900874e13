import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { WorkqueueObserver } from '../../client/workqueue.ts';
import type { CertificatePair } from '../../pki/certificates.ts';
import type { Clock } from '../../system/clock.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';

/** A control loop: reads through informers, writes through the client, knows nothing of the API server's inside. */
export interface Controller {
  /** The name kube-controller-manager gives it, such as `deployment-controller`. */
  readonly name: string;
  /** Starts the workers; informers are running and synced. */
  start(): void;
  /** Stops and waits for what is under way. */
  stop(): Promise<void>;
}

/** What a control loop is handed. */
export interface ControllerContext {
  readonly client: Client;
  readonly informers: InformerFactory;
  /** Records events in the controller's name. */
  readonly events: EventRecorder;
  /** The cluster's certificate authority. */
  readonly authority: CertificatePair;
  /** What signs certificate requests; the same unless a flag says otherwise. */
  readonly signingAuthority: CertificatePair;
  /** PEM of the private key that the tokens of service accounts are signed with. */
  readonly serviceAccountKey: string;
  /** How many pods that ended are left, as --terminated-pod-gc-threshold; all of them with 0 or less. */
  readonly terminatedPodThreshold?: number;
  /** Makes what is told of what goes on in the controller's queue. */
  readonly queueObserver?: () => WorkqueueObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Makes a controller; asks the context for its informers at once so that they are started together. */
export type ControllerConstructor = (context: ControllerContext) => Controller;
