import type { FlowSchema, PriorityLevelConfiguration } from '../../../api/types/flowcontrol-v1.ts';
import { formatTime } from '../../../apimachinery/object-meta.ts';
import { hasReason } from '../../../apimachinery/status.ts';
import type { Client } from '../../../client/client.ts';
import type { Informer } from '../../../client/informer.ts';
import { createWorkqueue, runWorkers, type WorkqueueObserver } from '../../../client/workqueue.ts';
import type { Clock } from '../../../system/clock.ts';
import type { Logger } from '../../../system/logger.ts';
import type { Random } from '../../../system/random.ts';
import type { FlowControl } from './flow-control.ts';

/** What keeps flow control up to date. */
export interface FlowConfigurationOptions {
  readonly control: FlowControl;
  readonly client: Client;
  readonly schemas: Informer<FlowSchema>;
  readonly levels: Informer<PriorityLevelConfiguration>;
  readonly clock: Clock;
  readonly random: Random;
  readonly queueObserver?: WorkqueueObserver;
  readonly log: Logger;
}

/** Follows the stored configuration until it is stopped. */
export interface FlowConfiguration {
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

const schemaResource = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', resource: 'flowschemas' } as const;
/** Who writes a condition more often than this in a minute is at odds with somebody, and lets a while go by. */
const mostWritesPerMinute = 6;
const minuteMillis = 60_000;
const fieldManager = 'api-priority-and-fairness-config-consumer-v1';

/**
 * Hands stored flow schemas and priority levels to flow control, and writes into each schema's condition `Dangling`
 * whether its level is there.
 */
export function followFlowConfiguration(options: FlowConfigurationOptions): FlowConfiguration {
  const { control, client, schemas, levels, clock, random, log } = options;
  const writes = new Map<string, readonly number[]>();
  /** Notes a write that is about to be made, unless there were too many of late. */
  const mayWrite = (name: string): boolean => {
    const now = clock.now();
    const recent = (writes.get(name) ?? []).filter((at) => now - at <= minuteMillis);
    const isLittle = recent.length < mostWritesPerMinute;
    writes.set(name, isLittle ? [...recent, now] : recent);
    return isLittle;
  };
  const queue = createWorkqueue<string>({ clock, observer: options.queueObserver });
  const changed = (): void => {
    control.configure(schemas.list(), levels.list());
    for (const { metadata } of schemas.list()) queue.add(metadata.name ?? '');
  };
  schemas.addHandler({ added: changed, updated: changed, deleted: changed });
  levels.addHandler({ added: changed, updated: changed, deleted: changed });
  const sync = async (name: string): Promise<void> => {
    const schema = schemas.get('', name);
    // Before the levels are known every schema would look as if its own were missing.
    if (schema === undefined) writes.delete(name);
    if (schema?.spec === undefined || !levels.hasSynced()) return;
    const level = schema.spec.priorityLevelConfiguration.name;
    const wanted = danglingCondition(level, levels.get('', level) !== undefined);
    const current = schema.status?.conditions?.find(({ type }) => type === 'Dangling');
    const { status, reason, message } = wanted;
    if (current?.status === status && current.reason === reason && current.message === message) return;
    if (!mayWrite(name)) {
      queue.addAfter(name, (30 + Math.floor(random.next() * 45)) * 1000);
      return;
    }
    const lastTransitionTime = formatTime(clock.now());
    try {
      await client.resource<FlowSchema>(schemaResource).patch(
        name,
        'application/apply-patch+yaml',
        {
          apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
          kind: 'FlowSchema',
          metadata: { name },
          status: { conditions: [{ ...wanted, lastTransitionTime }] },
        },
        { subresource: 'status', fieldManager, force: true },
      );
    } catch (error) {
      if (!hasReason(error, 'NotFound')) throw error;
    }
  };
  let running: Promise<void> | undefined;
  return {
    start() {
      changed();
      running ??= runWorkers(queue, 1, sync, (name, error) => {
        log.warn('writing the status of a flow schema failed, will be tried again', { name, error: String(error) });
      });
    },
    async stop() {
      queue.shutDown();
      await running;
    },
  };
}

function danglingCondition(
  level: string,
  exists: boolean,
): { type: string; status: string; reason: string; message: string } {
  const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  return exists
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${reference} and it exists` }
    : { type: 'Dangling', status: 'True', reason: 'NotFound', message: `${reference} but there is no such object` };
}
