import type { Logger } from '../../../system/logger.ts';
import type { AuditEvent, AuditSink } from './audit-event.ts';

/** Where events go, some at a time. */
export interface AuditBackend {
  /** @returns whether all of them are kept (or taken over, by a backend that keeps them later) */
  process(events: readonly AuditEvent[]): boolean | Promise<boolean>;
  /** Keeps what is not kept yet, and ends. */
  close?(): Promise<void>;
}

/** A backend that nobody has to wait for. */
export interface PromptAuditBackend extends AuditBackend {
  process(events: readonly AuditEvent[]): boolean;
}

/** The sink of requests that a backend is behind. */
export function sinkOf(backend: AuditBackend): AuditSink {
  return { write: (event) => backend.process([event]) };
}

/** A backend whose failures are nobody's concern but the log's: requests go on. */
export function ignoringFailures(backend: AuditBackend): AuditBackend {
  return {
    process(events) {
      const kept = backend.process(events);
      return kept instanceof Promise ? kept.then(() => true) : true;
    },
    ...(backend.close === undefined ? {} : { close: () => backend.close?.() ?? Promise.resolve() }),
  };
}

/** Several backends, all of which get all events. */
export function unionBackend(backends: readonly AuditBackend[]): AuditBackend {
  const [only, ...more] = backends;
  if (only !== undefined && more.length === 0) return only;
  return {
    async process(events) {
      const kept = await Promise.all(backends.map(async (backend) => backend.process(events)));
      return !kept.includes(false);
    },
    async close() {
      await Promise.all(backends.map(async (backend) => backend.close?.()));
    },
  };
}

/** Told of events that are lost. */
export interface AuditLossLog extends Pick<Logger, 'error'> {
  /** Counts them. */
  readonly lost?: (plugin: string, count: number) => void;
}

/** Tells the log of events that are lost. */
export function reportLoss(log: AuditLossLog, plugin: string, reason: string, events: readonly AuditEvent[]): void {
  log.lost?.(plugin, events.length);
  log.error(`Error in audit plugin '${plugin}' affecting ${events.length} audit events: ${reason}`, {
    events: events.map(({ auditID, stage }) => `${auditID} ${stage}`),
  });
}
