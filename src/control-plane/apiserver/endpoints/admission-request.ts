import type { GroupVersionKind, GroupVersionResource } from '../../../apimachinery/gvk.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { RequestUser } from '../request-context.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What admission is told of a request. Mutating plugins change `object` in place. */
export interface AdmissionRequest {
  readonly operation: AdmissionOperation;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subresource: string;
  readonly namespace: string;
  /** May be empty on create, while the name is not generated yet. */
  readonly name: string;
  readonly object: Unstructured | undefined;
  readonly oldObject: Unstructured | undefined;
  readonly dryRun: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly user: RequestUser;
  /** Milliseconds since the epoch until which webhooks may take; undefined where only their own limit counts. */
  readonly deadline?: number;
  warn(text: string): void;
  /** Adds an annotation to the audit log's event of the request; absent when there is none. */
  annotate?(key: string, text: string): void;
  /** Tells how long webhooks took. */
  spent?(part: 'mutating-webhook' | 'validating-webhook', millis: number): void;
}

/** The admission chain as the endpoints call it: first everything that changes, then (later) everything that checks. */
export interface AdmissionChain {
  /** @throws StatusError to refuse. */
  mutate(request: AdmissionRequest): Promise<void>;
  /** @throws StatusError to refuse. */
  validate(request: AdmissionRequest): Promise<void>;
}

/** Lets everything through unchanged. */
export const admitAll: AdmissionChain = {
  mutate: () => Promise.resolve(),
  validate: () => Promise.resolve(),
};
