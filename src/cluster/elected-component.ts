import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { messageOf } from '../apimachinery/error-message.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/event-recorder.ts';
import { checkLeaderElectionTimes, createLeaderElector, type LeaderElectionTimes } from '../client/leader-election.ts';
import type { Clock } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import {
  booleanArgument,
  ComponentArgumentError,
  type ComponentArguments,
  durationArgument,
} from './component-arguments.ts';

/** What the flags `--leader-elect-*` of a component say. */
export interface LeaderElectionSettings extends LeaderElectionTimes {
  readonly elects: boolean;
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads these flags, with the defaults of Kubernetes' components.
 * @param component whose lease it is: `kube-controller-manager`
 * @throws ComponentArgumentError
 */
export function leaderElectionSettings(component: string, flags: ComponentArguments): LeaderElectionSettings {
  const settings: LeaderElectionSettings = {
    elects: booleanArgument(flags, 'leader-elect', true),
    namespace: flags.get('leader-elect-resource-namespace') ?? 'kube-system',
    name: flags.get('leader-elect-resource-name') ?? component,
    leaseDurationMillis: durationArgument(flags, 'leader-elect-lease-duration') ?? 15_000,
    renewDeadlineMillis: durationArgument(flags, 'leader-elect-renew-deadline') ?? 10_000,
    retryPeriodMillis: durationArgument(flags, 'leader-elect-retry-period') ?? 2000,
  };
  if ((flags.get('leader-elect-resource-lock') ?? 'leases') !== 'leases') {
    throw new ComponentArgumentError(`${component}: resourceLock value must be "leases"`);
  }
  if (!settings.elects) return settings;
  if (settings.namespace === '' || settings.name === '') {
    throw new ComponentArgumentError(`${component}: the lease of leader election needs a name and a namespace`);
  }
  try {
    checkLeaderElectionTimes(settings);
  } catch (error) {
    throw new ComponentArgumentError(`${component}: couldn't create leader elector: ${messageOf(error)}`);
  }
  return settings;
}

export interface ElectedComponentOptions {
  readonly settings: LeaderElectionSettings;
  readonly client: Client;
  /** Whom events name as their source. */
  readonly eventSource: string;
  readonly identity: string;
  /** Whether the lease is given back at the end, as kube-scheduler does it and kube-controller-manager does not. */
  readonly releasesAtEnd: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Makes what runs while the lease is held; made again when it was lost. */
  readonly make: () => StartedComponent;
}

/** What runs while a lease is held. */
export interface StartedComponent {
  start(): void | Promise<void>;
  stop(): Promise<void>;
}

/** A part of the control plane that runs while it is the leader among those like it, or always without election. */
export function createElectedComponent(options: ElectedComponentOptions): StartedComponent {
  const { settings, client, clock, make, eventSource: component } = options;
  if (!settings.elects) return make();
  // The first one is made at once, so that what it watches is followed when it begins.
  let made: StartedComponent | undefined = make();
  const events = createEventRecorder({ client, component, clock });
  return createLeaderElector({
    ...options,
    ...settings,
    events,
    onStartedLeading: async () => {
      made ??= make();
      await made.start();
    },
    onStoppedLeading: async () => {
      await made?.stop();
      made = undefined;
    },
  });
}

/**
 * Who a component of this cluster is: the machine's name and a UUID, which is the same at every start. A cluster is run
 * by one process at a time, so the one that held the lease before is gone, and nobody need wait for the lease to end.
 * @param cluster what no other cluster has: the certificate of its authority
 */
export function electionIdentity(component: string, cluster: string): string {
  const hex = createHash('sha256').update(`${component}\n${cluster}`).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) % 4) + 8).toString(16);
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`];
  return `${hostname()}_${uuid.join('-')}-${hex.slice(20, 32)}`;
}
