import { type AuditBackend, type AuditLossLog, reportLoss } from './audit-backend.ts';
import { type AuditEvent, keepsAtLeast } from './audit-event.ts';
import { auditEventJson } from './audit-json.ts';

/** How large events, and lists of them, may be: bytes of their JSON. */
export interface TruncationLimits {
  readonly maxEventBytes: number;
  readonly maxBatchBytes: number;
}

/**
 * Takes the objects out of events that are too large, says so in an annotation, and hands what is too much for one list
 * on in several. What is too large even so is lost.
 */
export function truncatingBackend(backend: AuditBackend, limits: TruncationLimits, log: AuditLossLog): AuditBackend {
  return {
    async process(events) {
      const lost: AuditEvent[] = [];
      let isKept = true;
      let batch: AuditEvent[] = [];
      let batchBytes = 0;
      const hand = async (): Promise<void> => {
        if (batch.length > 0) isKept = (await backend.process(batch)) && isKept;
        batch = [];
        batchBytes = 0;
      };
      for (const event of events) {
        const [small, size] = shrunk(event, limits.maxEventBytes);
        if (size > limits.maxEventBytes) {
          lost.push(small);
          continue;
        }
        if (batch.length > 0 && batchBytes + size > limits.maxBatchBytes) await hand();
        batch.push(small);
        batchBytes += size;
      }
      await hand();
      if (lost.length > 0) reportLoss(log, 'truncate', 'event is too large even after truncating', lost);
      return isKept;
    },
    ...(backend.close === undefined ? {} : { close: () => backend.close?.() ?? Promise.resolve() }),
  };
}

/** The event, without its objects where it is too large with them, and its size. */
function shrunk(event: AuditEvent, maxBytes: number): readonly [event: AuditEvent, size: number] {
  const size = sizeOf(event);
  if (size <= maxBytes || !keepsAtLeast(event.level, 'Request')) return [event, size];
  const { requestObject: _request, responseObject: _response, annotations, ...rest } = event;
  const small: AuditEvent = { ...rest, annotations: { ...annotations, 'audit.k8s.io/truncated': 'true' } };
  return [small, sizeOf(small)];
}

/** Of the line that the event makes. */
function sizeOf(event: AuditEvent): number {
  return Buffer.byteLength(auditEventJson(event)) + 1;
}
