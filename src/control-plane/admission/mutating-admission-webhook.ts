import { messageOf } from '../../apimachinery/error-message.ts';
import { goQuote } from '../../apimachinery/field-error.ts';
import { formatGroupVersion, type GroupVersionKind, parseGroupVersion } from '../../apimachinery/gvk.ts';
import {
  describeJsonKind,
  cloneJson,
  equalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { internalError } from '../../apimachinery/status.ts';
import type { MutatingWebhook } from '../../api/types/admissionregistration-v1.ts';
import { applyJsonPatch, JsonPatchError, type JsonPatchOperation } from '../../patch/json-patch.ts';
import type { Random } from '../../system/random.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin, ServedKinds } from './admission-plugin.ts';
import { PolicyAccess } from './policies/policy-access.ts';
import { policyMatcher } from './policies/policy-matching.ts';
import { Reinvocation, ReinvocationLedger } from './reinvocation.ts';
import type { ReviewVerdict } from './webhooks/admission-review.ts';
import { askWebhook, WebhookCallError } from './webhooks/webhook-call.ts';
import { invocationOf, isExemptFromWebhooks, type WebhookInvocation } from './webhooks/webhook-invocation.ts';
import { reportedCall } from './webhooks/webhook-report.ts';
import { registeredWebhooks } from './webhooks/webhook-source.ts';

type Invocation = WebhookInvocation<MutatingWebhook>;

const mutation = 'mutation.webhook.admission.k8s.io/';

/** Has the webhooks of the MutatingWebhookConfigurations change objects, one after the other. */
export function mutatingAdmissionWebhook(context: AdmissionContext, random: Random): AdmissionPlugin {
  const webhooks = registeredWebhooks<MutatingWebhook>(context, 'mutatingwebhookconfigurations');
  const matcher = policyMatcher(context);
  const ledgers = new WeakMap<Reinvocation, ReinvocationLedger>();

  /** @returns whether the object has changed. @throws StatusError, WebhookCallError */
  async function invoke(invocation: Invocation, attributes: AdmissionAttributes): Promise<boolean> {
    const { webhook } = invocation.registered;
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
    const patched = patchedObject(object, operations);
    checkKind(patched, match.kind, context.kinds);
    const changed = context.kinds.find(match.kind)?.read(patched, 'drop') ?? (patched as unknown as Unstructured);
    if (equalJson(changed, object)) return false;
    replace(attributes.object, await context.kinds.convert(changed, match.kind, attributes.kind));
    return true;
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
          const note = `${mutation}round_${reinvocation.isReinvoked ? 1 : 0}_index_${index}`;
          let mutated = false;
          const begun = context.clock.now();
          try {
            const call = (): Promise<boolean> => invoke(invocation, attributes);
            mutated = await reportedCall(context, webhook, 'admit', attributes.operation, call);
          } catch (error) {
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

/** @throws StatusError 500 for a patch that does not fit */
function patchedObject(object: Unstructured, operations: readonly JsonPatchOperation[]): JsonObject {
  try {
    return applyJsonPatch(cloneJson(object) as unknown as JsonObject, operations) as JsonObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw internalError(error.message);
    throw error;
  }
}

/** @throws StatusError 500 for an object that a patch has made one of another kind */
function checkKind(patched: JsonObject, expected: GroupVersionKind, kinds: ServedKinds): void {
  const { apiVersion = '', kind = '' } = patched;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return;
  const found = { ...parseGroupVersion(apiVersion), kind: kind === '' ? expected.kind : kind };
  if (apiVersion === '' || (found.kind === expected.kind && apiVersion === formatGroupVersion(expected))) return;
  const served = kinds.find(found);
  if (served === undefined) {
    const what = `no kind ${goQuote(found.kind)} is registered for version ${goQuote(apiVersion)}`;
    throw internalError(`${what} in scheme "pkg/api/legacyscheme/scheme.go:30"`);
  }
  served.read(patched, 'drop');
  throw internalError(`converting (${found.version}.${found.kind}) to (${expected.kind}): unknown conversion`);
}

/** Plugins change the object in place. */
function replace(object: Unstructured, changed: Unstructured): void {
  for (const field of Object.keys(object)) delete object[field];
  Object.assign(object, changed);
}
