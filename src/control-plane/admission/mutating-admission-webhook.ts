import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { formatGroupVersion, type GroupVersionKind, gvkText, parseGroupVersion } from '../../apimachinery/gvk.ts';
import {
  describeJsonKind,
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../apimachinery/json.ts';
import { escapeHtml, parseJson, stringifyJson } from '../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { internalError, StatusError } from '../../apimachinery/status.ts';
import type { MutatingWebhook } from '../../api/types/admissionregistration-v1.ts';
import { applyJsonPatch, JsonPatchError, type JsonPatchOperation } from '../../patch/json-patch.ts';
import type { Random } from '../../system/random.ts';
import type {
  AdmissionAttributes,
  AdmissionContext,
  AdmissionPlugin,
  ServedKind,
  ServedKinds,
} from './admission-plugin.ts';
import { PolicyAccess } from './policies/policy-access.ts';
import { policyMatcher } from './policies/policy-matching.ts';
import { Reinvocation, ReinvocationLedger } from './reinvocation.ts';
import { type ReviewVerdict, withoutMetadata } from './webhooks/admission-review.ts';
import { askWebhook, WebhookCallError } from './webhooks/webhook-call.ts';
import { invocationOf, isExemptFromWebhooks, type WebhookInvocation } from './webhooks/webhook-invocation.ts';
import { reportedCall } from './webhooks/webhook-report.ts';
import { registeredWebhooks } from './webhooks/webhook-source.ts';

type Invocation = WebhookInvocation<MutatingWebhook>;

const mutation = 'mutation.webhook.admission.k8s.io/';
const patching = 'patch.webhook.admission.k8s.io/';

/** Has the webhooks of the MutatingWebhookConfigurations change objects, one after the other. */
export function mutatingAdmissionWebhook(context: AdmissionContext, random: Random): AdmissionPlugin {
  const webhooks = registeredWebhooks<MutatingWebhook>(context, 'mutatingwebhookconfigurations');
  const matcher = policyMatcher(context);
  const ledgers = new WeakMap<Reinvocation, ReinvocationLedger>();
  const settled = new WeakSet<Unstructured>();

  /** @returns whether the object has changed. @throws StatusError, WebhookCallError */
  async function invoke(invocation: Invocation, attributes: AdmissionAttributes, place: string): Promise<boolean> {
    const { webhook, configuration } = invocation.registered;
    const verdict = await askWebhook(invocation, attributes, context, random, true);
    const operations = operationsOf(webhook.name, verdict);
    if (operations.length === 0) return false;
    const { match, object } = invocation;
    if (object === undefined || attributes.object === undefined) {
      const text = 'attempted to modify the object, which is not supported for this operation';
      throw internalError(`admission webhook ${goQuote(webhook.name)} ${text}`);
    }
    if (verdict.patchType !== 'JSONPatch') {
      throw new WebhookCallError(webhook.name, `unsupported patch type ${goQuote(verdict.patchType)}`);
    }
    // What the webhook has not seen it cannot patch.
    const seen = attributes.operation === 'CONNECT' ? withoutMetadata(object) : object;
    const patched = patchedObject(seen, operations);
    checkKind(patched, match.kind, context.kinds);
    const served = context.kinds.find(match.kind);
    const changed = served?.decode(patched, 'drop') ?? (patched as unknown as Unstructured);
    // The real server keeps fractions of the second in which fields were just written; a patch, whatever it says, is
    // the end of them.
    const hasFreshTimes = served?.isCustom === false && !settled.has(attributes.object) && isJustWritten(attributes);
    attributes.annotate?.(`${patching}${place}`, patchNote(configuration, webhook.name, operations), 'Request');
    const isChanged = hasFreshTimes || !isSame(changed, object, served);
    settled.add(attributes.object);
    served?.fillIn(changed);
    replace(attributes.object, await context.kinds.convert(changed, match.kind, attributes.kind));
    return isChanged;
  }

  return {
    name: 'MutatingAdmissionWebhook',
    async admit(attributes) {
      if (isExemptFromWebhooks(attributes.kind)) return;
      const registered = await webhooks();
      if (registered.length === 0) return;
      const { reinvocation = new Reinvocation(), object } = attributes;
      const ledger = ledgers.get(reinvocation) ?? new ReinvocationLedger();
      ledgers.set(reinvocation, ledger);
      const access = new PolicyAccess(context, attributes.user);
      if (reinvocation.isReinvoked && ledger.isChanged(object)) ledger.requirePrevious();
      try {
        for (const [index, hook] of registered.entries()) {
          const invocation = await invocationOf(hook, attributes, context, matcher, access, 'admit');
          if (invocation === undefined) continue;
          if (reinvocation.isReinvoked && !ledger.isRequired(hook.key)) continue;
          const { webhook, key, configuration } = hook;
          const place = `round_${reinvocation.isReinvoked ? 1 : 0}_index_${index}`;
          const note = `${mutation}${place}`;
          let mutated = false;
          const begun = context.clock.now();
          try {
            const call = (): Promise<boolean> => invoke(invocation, attributes, place);
            mutated = await reportedCall(context, webhook, 'admit', attributes.operation, call);
          } catch (error) {
            if (error instanceof ForeignKindError) mutated = true;
            if (!(error instanceof WebhookCallError)) throw error;
            if (webhook.failurePolicy !== 'Ignore') throw internalError(error.message);
            attributes.annotate?.(`failed-open.${note}`, webhook.name);
          } finally {
            attributes.spent?.('mutating-webhook', context.clock.now() - begun);
            attributes.annotate?.(note, JSON.stringify({ configuration, webhook: webhook.name, mutated }));
          }
          if (mutated) {
            ledger.requirePrevious();
            reinvocation.require();
          }
          if (webhook.reinvocationPolicy === 'IfNeeded') ledger.addInvoked(key);
        }
      } finally {
        ledger.leave(object);
      }
    },
  };
}

/** @throws WebhookCallError for a patch that is none */
function operationsOf(name: string, { patch }: ReviewVerdict): readonly JsonPatchOperation[] {
  if (patch === '') return [];
  const undecodable = (why: string): WebhookCallError =>
    new WebhookCallError(name, `received undecodable patch in webhook response: ${why}`);
  let value: JsonValue;
  try {
    value = parseJson(patch);
  } catch (error) {
    throw undecodable(messageOf(error));
  }
  if (value === null) return [];
  const misfit = (item: JsonValue, type: string): WebhookCallError =>
    undecodable(`json: cannot unmarshal ${describeJsonKind(item)} into Go value of type jsonpatch.${type}`);
  if (!Array.isArray(value)) throw misfit(value, 'Patch');
  const stray = value.find((item) => item !== null && !isJsonObject(item));
  if (stray !== undefined) throw misfit(stray, 'Operation');
  return value.map((item) => (item ?? {}) as JsonPatchOperation);
}

/** What the audit log tells of a patch: members of operations come in the order of their names. */
function patchNote(configuration: string, webhook: string, operations: readonly JsonPatchOperation[]): string {
  const patch = operations.map((operation) =>
    Object.fromEntries(Object.entries(operation).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
  return escapeHtml(stringifyJson({ configuration, webhook, patch, patchType: 'JSONPatch' }));
}

/** @throws StatusError 500 for a patch that does not fit */
function patchedObject(object: object, operations: readonly JsonPatchOperation[]): JsonObject {
  try {
    return applyJsonPatch(cloneJson(object) as JsonObject, operations) as JsonObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw internalError(error.message);
    throw error;
  }
}

/** A patch has made an object of it that cannot be taken for what the request is about. */
class ForeignKindError extends StatusError {}

/** @throws StatusError for an object that a patch has made one of another kind */
function checkKind(patched: JsonObject, expected: GroupVersionKind, kinds: ServedKinds): void {
  const { apiVersion = '', kind = '' } = patched;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return;
  const found = { ...parseGroupVersion(apiVersion), kind: kind === '' ? expected.kind : kind };
  if (apiVersion === '' || (found.kind === expected.kind && apiVersion === formatGroupVersion(expected))) return;
  if (kinds.find(expected)?.isCustom === true) {
    if (found.group !== expected.group) {
      const message = `${gvkText(found)} is unstructured and is not suitable for converting to ${goQuote(formatGroupVersion(expected))}`;
      throw new ForeignKindError({ message, code: 500 });
    }
    if (kinds.find({ ...found, kind: expected.kind }) === undefined) {
      const message = `request to convert CR from an invalid group/version: ${apiVersion}`;
      throw new ForeignKindError({ message, code: 500 });
    }
    // Validation tells of another kind.
    return;
  }
  const served = kinds.find(found);
  if (served === undefined) {
    const what = `no kind ${goQuote(found.kind)} is registered for version ${goQuote(apiVersion)}`;
    throw internalError(`${what} in scheme "pkg/api/legacyscheme/scheme.go:30"`);
  }
  served.decode(patched, 'drop');
  const [internal = ''] = expected.group.split('.');
  const target = `${internal === '' ? 'core' : internal}.${expected.kind}`;
  const message = `converting (${found.version}.${found.kind}) to (${target}): unknown conversion`;
  throw new ForeignKindError({ message, code: 500 });
}

/** Whether the request itself has set fields, as its managedFields tell. */
function isJustWritten({ object, oldObject }: AdmissionAttributes): boolean {
  const before = oldObject?.metadata.managedFields ?? [];
  const now = object?.metadata.managedFields ?? [];
  return now.some((entry) => !before.some((known) => equalJson(known, entry)));
}

/** Whether two objects say the same; of kinds with a Go type an empty list of managers is none. */
function isSame(left: Unstructured, right: Unstructured, served: ServedKind | undefined): boolean {
  if (served === undefined || served.isCustom) return equalJson(left, right);
  return equalJson(withoutNoManagers(left), withoutNoManagers(right));
}

function withoutNoManagers(object: Unstructured): Unstructured {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields?.length === 0 ? { ...object, metadata } : object;
}

/** Plugins change the object in place. */
function replace(object: Unstructured, changed: Unstructured): void {
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, withoutNoManagers(changed));
}
