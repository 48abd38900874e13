import type { GroupVersionKind, GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { JsonObject } from '../../apimachinery/json.ts';
import { isQualifiedName } from '../../apimachinery/names.ts';
import type { KubeObject, Unstructured } from '../../apimachinery/object-meta.ts';
import type { Schema, SchemaSource } from '../../apimachinery/schema.ts';
import type { Client } from '../../client/client.ts';
import type { Informer } from '../../client/informer.ts';
import type { CallWebhook } from '../../client/webhook-client.ts';
import type { Clock } from '../../system/clock.ts';
import type { UserInfo } from '../authentication/authenticator.ts';
import type { AuthorizationAttributes } from '../authorization/authorizer.ts';
import type { RulesResolver } from '../authorization/rbac-escalation.ts';
import type { AdmissionAudience } from './admission-observer.ts';
import type { Reinvocation } from './reinvocation.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** What a plugin is told of a request. `admit` changes `object` in place. */
export interface AdmissionAttributes {
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
  readonly user: UserInfo;
  /** Milliseconds since the epoch until which webhooks may take; undefined where only their own limit counts. */
  readonly deadline?: number;
  warn(text: string): void;
  /** Leaves a note for the audit log, where there is one. @param least the level from which on it is kept */
  annotate?(key: string, text: string, least?: 'Request'): void;
  /** Tells how long webhooks took. */
  spent?(part: 'mutating-webhook' | 'validating-webhook', millis: number): void;
  /** Set while objects are changed. */
  readonly reinvocation?: Reinvocation;
}

/** What plugins may know of a kind, and do with its objects. */
export interface ServedKind {
  readonly schema: Schema;
  readonly types: SchemaSource;
  /** Whether the kind is defined by a custom resource definition: its objects have no Go type. */
  readonly isCustom: boolean;
  /**
   * Reads a changed object back. What the kind does not have is an error, or is dropped.
   * @throws StatusError
   */
  decode(value: JsonObject, unknownFields?: 'refuse' | 'drop'): Unstructured;
  /** Fills in the defaults of an object that was read back. */
  fillIn(object: Unstructured): void;
}

/** The kinds that the server serves, and their versions. */
export interface ServedKinds {
  find(kind: GroupVersionKind): ServedKind | undefined;
  /** Other versions in which the objects of a resource (or its subresource) can be seen. */
  equivalents(
    resource: GroupVersionResource,
    subresource: string,
  ): readonly { readonly resource: GroupVersionResource; readonly kind: GroupVersionKind }[];
  /** The object in another version, or itself where that is the same. @throws StatusError */
  convert(object: Unstructured, from: GroupVersionKind, to: GroupVersionKind): Promise<Unstructured>;
}

/** One step of admission; it throws a StatusError to refuse. */
export interface AdmissionPlugin {
  /** As in --enable-admission-plugins. */
  readonly name: string;
  admit?(attributes: AdmissionAttributes): Promise<void> | void;
  validate?(attributes: AdmissionAttributes): Promise<void> | void;
}

/** What plugins read the cluster through. */
export interface AdmissionContext {
  /** Asks the server itself, for what the local copies may not show yet. */
  readonly client: Client;
  informer<T extends KubeObject>(gvr: GroupVersionResource): Informer<T>;
  readonly clock: Clock;
  /** Whether a user may do something. */
  readonly access: {
    authorize(attributes: AuthorizationAttributes): Promise<{ readonly allowed: boolean; readonly reason: string }>;
  };
  /** The RBAC rules in force. */
  readonly rules: RulesResolver;
  readonly kinds: ServedKinds;
  readonly callWebhook: CallWebhook;
  /** Told of webhooks and policies. */
  readonly audience?: AdmissionAudience;
  /** The resource that serves a kind, for owner references. */
  resourceOf(
    apiVersion: string,
    kind: string,
  ): { readonly resource: GroupVersionResource; readonly namespaced: boolean } | undefined;
}

/** The question whether a user may do something to a resource. */
export function accessQuestion(
  user: UserInfo,
  verb: string,
  resource: GroupVersionResource,
  place: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): AuthorizationAttributes {
  return {
    user,
    verb,
    isResourceRequest: true,
    apiGroup: resource.group,
    apiVersion: resource.version,
    resource: resource.resource,
    subresource: place.subresource ?? '',
    namespace: place.namespace ?? '',
    name: place.name ?? '',
    path: '',
    fieldSelector: '',
    labelSelector: '',
  };
}

/** Notes what somebody else says under a key of theirs; keys that are none are left out, as by the real server. */
export function annotateFor(attributes: AdmissionAttributes, key: string, text: string): void {
  if (isQualifiedName(key).length === 0) attributes.annotate?.(key, text);
}

/** `group/resource`, or the bare resource of the core group. */
export function resourceKey(attributes: AdmissionAttributes): string {
  const { group, resource } = attributes.resource;
  return group === '' ? resource : `${group}/${resource}`;
}
