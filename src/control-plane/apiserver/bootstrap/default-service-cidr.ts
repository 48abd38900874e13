import type { ServiceCIDR } from '../../../api/types/networking-v1.ts';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { equalJson } from '../../../apimachinery/json.ts';
import { formatGoValue } from '../../../apimachinery/go-value.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client, ResourceClient } from '../../../client/client.ts';
import { createEventRecorder, type EventRecorder } from '../../../client/event-recorder.ts';
import { type Clock, sleep } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';

const resource = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' } as const;
const name = 'kubernetes';
const manager = 'kubernetes-service-cidr-controller';
const intervalMillis = 10_000;
const retryMillis = 100;

export interface DefaultServiceCidrOptions {
  /** A client that may do everything. */
  readonly client: Client;
  /** The ranges of --service-cluster-ip-range. */
  readonly cidrs: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps the ServiceCIDR `kubernetes`: as the flag says it when it is not there, and ready when it is the same (KEP-1880).
 */
export class DefaultServiceCidr {
  readonly #options: DefaultServiceCidrOptions;
  readonly #own: ResourceClient<ServiceCIDR>;
  readonly #events: EventRecorder;
  readonly #stopping = new AbortController();
  readonly #told = new Set<string>();
  #running: Promise<void> | undefined;
  #lastProblem: string | undefined;

  constructor(options: DefaultServiceCidrOptions) {
    this.#options = options;
    this.#own = options.client.resource<ServiceCIDR>(resource);
    this.#events = createEventRecorder({ client: options.client, component: manager, clock: options.clock });
  }

  /**
   * Tries once; goes on trying until the range is there, and from then on looks at it every ten seconds.
   * @param onReady told when it is there for the first time
   */
  async start(onReady: () => void): Promise<void> {
    const isThere = await this.#attempt();
    if (isThere) onReady();
    this.#running = this.#follow(isThere ? undefined : onReady);
  }

  async #follow(onReady: (() => void) | undefined): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    let waiting = onReady;
    while (await sleep(clock, waiting === undefined ? intervalMillis : retryMillis, signal)) {
      if (!(await this.#attempt())) continue;
      waiting?.();
      waiting = undefined;
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#events.flush();
  }

  async #attempt(): Promise<boolean> {
    try {
      await this.#sync();
      this.#lastProblem = undefined;
      return true;
    } catch (error) {
      const text = messageOf(error);
      // It is tried again ten times a second.
      if (text !== this.#lastProblem) {
        this.#options.log.warn('error trying to sync the default ServiceCIDR', { error: text });
      }
      this.#lastProblem = text;
      return false;
    }
  }

  async #sync(): Promise<void> {
    const { cidrs } = this.#options;
    const found = await this.#find();
    if (found === undefined) {
      const wanted = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'ServiceCIDR',
        metadata: { name },
        spec: { cidrs: [...cidrs] },
      };
      await this.#syncStatus(await this.#own.create(wanted));
      return;
    }
    const [before = '', ...others] = found.spec?.cidrs ?? [];
    if (cidrs.length !== 2 || others.length > 0 || before !== cidrs[0]) return this.#syncStatus(found);
    try {
      await this.#own.update({ ...found, spec: { cidrs: [...cidrs] } });
    } catch (error) {
      const text = `The default ServiceCIDR can not be upgraded from ${before} to dual stack ${formatGoValue(cidrs)}`;
      this.#warn(found, 'KubernetesDefaultServiceCIDRError', `${text} : ${messageOf(error)}`);
    }
  }

  async #find(): Promise<ServiceCIDR | undefined> {
    try {
      return await this.#own.get(name);
    } catch (error) {
      if (hasReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Who sets the condition to False knows why: it is only told of. */
  async #syncStatus(range: ServiceCIDR): Promise<void> {
    const { cidrs, clock } = this.#options;
    if (range.metadata.deletionTimestamp !== undefined) return;
    const stored = range.spec?.cidrs ?? [];
    if (!equalJson(stored, [...cidrs])) {
      const text = `The default ServiceCIDR ${formatGoValue(stored)} does not match the controller flag configurations ${formatGoValue(cidrs)}`;
      this.#warnOnce(range, 'KubernetesDefaultServiceCIDRInconsistent', text);
      return;
    }
    const ready = range.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready?.status === 'True') return;
    if (ready?.status === 'False') {
      this.#warnOnce(range, ready.reason, `Configuration matches, but ${ready.message}`);
      return;
    }
    const message = 'Kubernetes default Service CIDR is ready';
    const condition = { type: 'Ready', status: 'True', message, lastTransitionTime: formatTime(clock.now()) };
    const applied = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'ServiceCIDR',
      metadata: { name },
      status: { conditions: [condition] },
    };
    try {
      await this.#own.patch(name, 'application/apply-patch+yaml', applied, {
        fieldManager: manager,
        force: true,
        subresource: 'status',
      });
    } catch (error) {
      this.#options.log.warn('error updating default ServiceCIDR status', { error: messageOf(error) });
      const text = 'The default ServiceCIDR Status can not be set to Ready=True';
      this.#warn(range, 'KubernetesDefaultServiceCIDRError', text);
    }
  }

  #warnOnce(range: ServiceCIDR, reason: string, message: string): void {
    // One for each kind of trouble, however often it is met.
    const kind = reason === 'KubernetesDefaultServiceCIDRInconsistent' ? reason : 'not ready';
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#warn(range, reason, message);
  }

  #warn(range: ServiceCIDR, reason: string, message: string): void {
    this.#options.log.warn(message);
    this.#events.event(
      { ...range, apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' },
      'Warning',
      reason,
      message,
    );
  }
}
