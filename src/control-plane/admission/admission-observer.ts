import type { Clock } from '../../system/clock.ts';
import type { AdmissionOperation } from './admission-plugin.ts';

/** The two steps of admission: what changes objects, then what checks them. */
export type AdmissionStep = 'admit' | 'validate';

/** How the steps are called where webhooks are counted. */
export type WebhookStep = 'admit' | 'validating';

/** Told how long something took, in seconds, and whether it refused. */
export type TellTime = (seconds: number, isRejected: boolean) => void;

/** Why a webhook refused a request, or failed to be asked. */
export type WebhookRejection = 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error';

/** One call of a webhook. */
export interface WebhookCallReport {
  readonly name: string;
  readonly step: WebhookStep;
  readonly operation: AdmissionOperation;
  readonly seconds: number;
  /** HTTP's status code as far as there is one; 0 otherwise. */
  readonly code: number;
  /** Undefined for one that let the request through, or may be ignored. */
  readonly rejection?: WebhookRejection;
  /** Whether it failed and was ignored. */
  readonly hasFailedOpen: boolean;
}

/** Match conditions of a webhook or policy that were evaluated. */
export interface ConditionReport {
  readonly name: string;
  readonly kind: 'webhook' | 'policy';
  readonly step: WebhookStep | AdmissionStep;
  readonly operation: AdmissionOperation;
  readonly seconds: number;
  /** How many failed. */
  readonly errors: number;
  readonly isExcluded: boolean;
}

/** A policy that was evaluated for a binding. */
export interface PolicyReport {
  readonly kind: 'validating' | 'mutating';
  readonly policy: string;
  readonly binding: string;
  /** The message of what failed; undefined when nothing did. */
  readonly failure: string | undefined;
  /** What came of it; mutating policies do not say. */
  readonly action: 'allow' | 'deny' | 'audit' | 'warn';
  readonly seconds: number;
}

/** A pod, or what makes pods, that was held to a standard of pod security. */
export interface PodSecurityReport {
  readonly decision: 'allow' | 'deny';
  readonly level: string;
  readonly version: string;
  readonly mode: 'enforce' | 'audit' | 'warn';
  readonly attributes: PodSecuritySubject;
}

/** What of a request pod security is counted by. */
export interface PodSecuritySubject {
  readonly operation: AdmissionOperation;
  readonly resource: { readonly resource: string };
  readonly subresource: string;
}

/** Told of what admission does, for metrics. */
export interface AdmissionObserver {
  /** How the work of one plugin is told: found once, as it is told of for every request. */
  plugin(name: string, step: AdmissionStep, operation: AdmissionOperation): TellTime;
  webhook(report: WebhookCallReport): void;
  conditions(report: ConditionReport): void;
  policy(report: PolicyReport): void;
  podSecurity(report: PodSecurityReport): void;
  podSecurityExempt(subject: PodSecuritySubject): void;
  /** @param isFatal whether nothing could be decided */
  podSecurityFailed(subject: PodSecuritySubject, isFatal: boolean): void;
}

/** Who is told; set when there is somebody to tell, which may be after plugins are made. */
export interface AdmissionAudience {
  readonly clock: Clock;
  observer?: AdmissionObserver;
}
