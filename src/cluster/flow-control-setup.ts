import type { FlowSchema, PriorityLevelConfiguration } from '../api/types/flowcontrol-v1.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { Client } from '../client/client.ts';
import type { InformerFactory } from '../client/informer.ts';
import { keepFlowControl } from '../control-plane/apiserver/bootstrap/flow-control-objects.ts';
import { defaultInFlightLimits } from '../control-plane/apiserver/filters/max-in-flight.ts';
import { FlowControl } from '../control-plane/apiserver/flow-control/flow-control.ts';
import { followFlowConfiguration } from '../control-plane/apiserver/flow-control/flow-schema-status.ts';
import type { ApiServerOptions } from '../control-plane/apiserver/server.ts';
import type { WorkqueueMetrics } from '../control-plane/apiserver/metrics/workqueue-metrics.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';

/** What limits the requests that are worked on at a time. */
export interface FlowControlSetup {
  readonly serverOptions: Pick<ApiServerOptions, 'flowControl' | 'inFlightLimits'>;
  /** Begins to follow the stored configuration. */
  start(): void;
  stop(): Promise<void>;
}

/**
 * Reads `--enable-priority-and-fairness`, `--max-requests-inflight` and `--max-mutating-requests-inflight`: the two
 * numbers are the seats to share out, or without fairness limits of their own.
 * @throws ComponentArgumentError
 */
export function flowControlSetup(options: {
  readonly arguments: ComponentArguments;
  readonly client: Client;
  readonly informers: InformerFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly queues: WorkqueueMetrics;
  readonly log: Logger;
}): FlowControlSetup {
  const { arguments: flags, client, informers, clock, random, log } = options;
  const inFlightLimits = {
    maxRequestsInFlight: limitOf(flags, 'max-requests-inflight', defaultInFlightLimits.maxRequestsInFlight),
    maxMutatingRequestsInFlight: limitOf(
      flags,
      'max-mutating-requests-inflight',
      defaultInFlightLimits.maxMutatingRequestsInFlight,
    ),
  };
  if (flags.get('enable-priority-and-fairness') === 'false') {
    return { serverOptions: { inFlightLimits }, start: () => undefined, stop: () => Promise.resolve() };
  }
  const seats = inFlightLimits.maxRequestsInFlight + inFlightLimits.maxMutatingRequestsInFlight;
  if (seats <= 0) {
    throw new ComponentArgumentError(
      'max-requests-inflight and max-mutating-requests-inflight must not both be 0 with priority and fairness',
    );
  }
  const control = new FlowControl(clock, seats);
  const flow = (resource: string): GroupVersionResource => ({
    group: 'flowcontrol.apiserver.k8s.io',
    version: 'v1',
    resource,
  });
  const configuration = followFlowConfiguration({
    control,
    client,
    schemas: informers.informer<FlowSchema>(flow('flowschemas')),
    levels: informers.informer<PriorityLevelConfiguration>(flow('prioritylevelconfigurations')),
    clock,
    random,
    queueObserver: options.queues.observer('priority_and_fairness_config_queue'),
    log,
  });
  let stopKeeping: (() => void) | undefined;
  return {
    serverOptions: { flowControl: control },
    start() {
      configuration.start();
      stopKeeping ??= keepFlowControl(client, clock, log);
    },
    async stop() {
      stopKeeping?.();
      await configuration.stop();
    },
  };
}

function limitOf(flags: ComponentArguments, name: string, fallback: number): number {
  const text = flags.get(name);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text)) throw new ComponentArgumentError(`--${name} ${text} must be a whole number, not negative`);
  return Number(text);
}
