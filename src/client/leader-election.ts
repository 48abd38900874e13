import { formatMicroTime, type KubeObject } from '../apimachinery/object-meta.ts';
import { hasReason } from '../apimachinery/status.ts';
import { type Clock, sleep } from '../system/clock.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import type { Client, ResourceClient } from './client.ts';
import type { EventRecorder } from './event-recorder.ts';

interface LeaseSpec {
  acquireTime?: string;
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  leaseTransitions?: number;
  renewTime?: string;
}

interface Lease extends KubeObject {
  spec?: LeaseSpec;
}

const leasesResource = { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' } as const;
/** How much longer than asked a candidate may wait before it tries again, so that not all of them try at once. */
const jitter = 1.2;

/** The times of an election, in milliseconds, as the flags `--leader-elect-*` of Kubernetes' components set them. */
export interface LeaderElectionTimes {
  /** How long others leave a leader alone that renews its lease no more. */
  readonly leaseDurationMillis: number;
  /** How long a leader tries to renew its lease before it gives up. */
  readonly renewDeadlineMillis: number;
  /** How long to wait between tries. */
  readonly retryPeriodMillis: number;
}

export interface LeaderElectorOptions extends LeaderElectionTimes {
  readonly client: Client;
  /** Records in the component's name who leads. */
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The lease that all candidates want. */
  readonly namespace: string;
  readonly name: string;
  /** Who this candidate is; no two that run at the same time may have the same. */
  readonly identity: string;
  /** Whether the lease is given back at the end, so that another need not wait until it is over. */
  readonly releasesAtEnd: boolean;
  readonly onStartedLeading: () => Promise<void>;
  /** The lease was lost, or the elector stops: when this has resolved nothing more may be done. */
  readonly onStoppedLeading: () => Promise<void>;
}

/** A candidate for a lease. */
export interface LeaderElector {
  start(): void;
  /** Ends what leading began, and gives the lease back where that is wanted. */
  stop(): Promise<void>;
}

/** @throws Error in client-go's words when the times do not fit one another */
export function checkLeaderElectionTimes(times: LeaderElectionTimes): void {
  const { leaseDurationMillis, renewDeadlineMillis, retryPeriodMillis } = times;
  if (leaseDurationMillis <= renewDeadlineMillis) throw new Error('leaseDuration must be greater than renewDeadline');
  if (renewDeadlineMillis <= Math.trunc(jitter * retryPeriodMillis)) {
    throw new Error('renewDeadline must be greater than retryPeriod*JitterFactor');
  }
  if (leaseDurationMillis <= 0) throw new Error('leaseDuration must be greater than zero');
  if (renewDeadlineMillis <= 0) throw new Error('renewDeadline must be greater than zero');
  if (retryPeriodMillis <= 0) throw new Error('retryPeriod must be greater than zero');
}

/**
 * Makes a candidate that behaves as client-go's: a lease is anybody's when nobody holds it or when it has not changed for
 * as long as it is valid, by this process's clock; what the clocks of others say does not count. One that loses its lease
 * stops leading and is a candidate again.
 */
export function createLeaderElector(options: LeaderElectorOptions): LeaderElector {
  return new Elector(options);
}

class Elector implements LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #leases: ResourceClient<Lease>;
  readonly #stopping = new AbortController();
  /** As it was last seen. */
  #lease: Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: {} };
  #observedText = '';
  #observedAt = 0;
  #running: Promise<void> | undefined;

  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#leases = options.client.resource<Lease>(leasesResource, options.namespace);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { events, identity, log, name, onStartedLeading, onStoppedLeading, releasesAtEnd } = this.#options;
    const tell = (text: string): void => {
      events.event(this.#lease, 'Normal', 'LeaderElection', `${identity} ${text}`);
    };
    while (await this.#acquire()) {
      tell('became leader');
      await onStartedLeading();
      await this.#keep();
      if (!this.#isStopped) {
        log.error('leaderelection lost', { lease: name });
        tell('stopped leading');
      }
      await onStoppedLeading();
    }
    if (releasesAtEnd && this.#isHolder) await this.#release();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  get #isHolder(): boolean {
    return this.#lease.spec?.holderIdentity === this.#options.identity;
  }

  /** Whether the lease that was last seen still binds. */
  #isValid(now: number): boolean {
    return this.#observedAt + (this.#lease.spec?.leaseDurationSeconds ?? 0) * 1000 > now;
  }

  /** @returns false when it was stopped before */
  async #acquire(): Promise<boolean> {
    const { clock, random, retryPeriodMillis } = this.#options;
    while (!this.#isStopped) {
      if (await this.#try()) return !this.#isStopped;
      await sleep(clock, retryPeriodMillis * (1 + jitter * random.next()), this.#stopping.signal);
    }
    return false;
  }

  /** Renews until that has not worked for as long as it may take, or the elector stops. */
  async #keep(): Promise<void> {
    const { clock, renewDeadlineMillis, retryPeriodMillis } = this.#options;
    const { signal } = this.#stopping;
    while (await sleep(clock, retryPeriodMillis, signal)) {
      const deadline = clock.now() + renewDeadlineMillis;
      while (!(await this.#try())) {
        if (!(await sleep(clock, retryPeriodMillis, signal)) || clock.now() >= deadline) return;
      }
    }
  }

  /** Takes the lease or renews it. @returns whether it is this candidate's now */
  async #try(): Promise<boolean> {
    const { clock, log, name, renewDeadlineMillis } = this.#options;
    const request = new AbortController();
    const timer = clock.setTimer(() => request.abort(), Math.max(renewDeadlineMillis / 2, 1000), { unref: true });
    try {
      if (this.#isHolder && this.#isValid(clock.now()) && (await this.#renewAsSeen(request.signal))) return true;
      return await this.#takeOver(request.signal);
    } catch (error) {
      if (!this.#isStopped) log.warn('asking for a lease failed', { lease: name, error: String(error) });
      return false;
    } finally {
      timer.cancel();
    }
  }

  /** One request, on the supposition that nobody else has written the lease. */
  async #renewAsSeen(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#update(this.#spec(this.#lease.spec), signal);
      return true;
    } catch {
      return false;
    }
  }

  async #takeOver(signal: AbortSignal): Promise<boolean> {
    const { clock, name } = this.#options;
    let found: Lease;
    try {
      found = await this.#leases.get(name, { signal });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
      const { apiVersion, kind } = this.#lease;
      const lease = { apiVersion, kind, metadata: { name, namespace: this.#options.namespace }, spec: this.#spec() };
      this.#observe(await this.#leases.create(lease, { signal }));
      return true;
    }
    const hasChanged = JSON.stringify(found.spec ?? {}) !== this.#observedText;
    if (hasChanged) this.#observe(found);
    else this.#lease = found;
    const { holderIdentity = '', leaseTransitions = 0 } = found.spec ?? {};
    if (!this.#isHolder && holderIdentity !== '' && this.#isValid(clock.now())) return false;
    const kept = this.#isHolder ? found.spec : { leaseTransitions: leaseTransitions + 1 };
    await this.#update(this.#spec(kept), signal);
    return true;
  }

  async #release(): Promise<void> {
    const { log, name, clock } = this.#options;
    const now = formatMicroTime(clock.now());
    const { leaseTransitions } = this.#lease.spec ?? {};
    try {
      await this.#update({
        holderIdentity: '',
        leaseDurationSeconds: 1,
        acquireTime: now,
        renewTime: now,
        ...(leaseTransitions === undefined ? {} : { leaseTransitions }),
      });
    } catch (error) {
      log.warn('a lease was not given back', { lease: name, error: String(error) });
    }
  }

  /** @param kept since when it is held, and how often it went to another */
  #spec(kept: Pick<LeaseSpec, 'acquireTime' | 'leaseTransitions'> = {}): LeaseSpec {
    const { clock, identity, leaseDurationMillis } = this.#options;
    const now = formatMicroTime(clock.now());
    return {
      acquireTime: kept.acquireTime ?? now,
      holderIdentity: identity,
      leaseDurationSeconds: Math.trunc(leaseDurationMillis / 1000),
      leaseTransitions: kept.leaseTransitions ?? 0,
      renewTime: now,
    };
  }

  async #update(spec: LeaseSpec, signal?: AbortSignal): Promise<void> {
    const options = signal === undefined ? {} : { signal };
    this.#observe(await this.#leases.update({ ...this.#lease, spec }, options));
  }

  #observe(lease: Lease): void {
    this.#lease = lease;
    this.#observedText = JSON.stringify(lease.spec ?? {});
    this.#observedAt = this.#options.clock.now();
  }
}
