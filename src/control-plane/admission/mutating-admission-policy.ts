import { gvkText } from '../../apimachinery/gvk.ts';
import { equalJson } from '../../apimachinery/json.ts';
import type { Unstructured } from '../../apimachinery/object-meta.ts';
import { StatusError } from '../../apimachinery/status.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../api/types/admissionregistration-v1.ts';
import type { Namespace } from '../../api/types/core-v1.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { evaluateConditions } from './policies/match-conditions.ts';
import {
  applyMutation,
  type CompiledMutatingPolicy,
  compileMutatingPolicy,
  MutationError,
} from './policies/mutating-policy.ts';
import { PolicyAccess } from './policies/policy-access.ts';
import { type PolicyMatch, policyMatcher } from './policies/policy-matching.ts';
import { checkParamKind, collectParams, configurationProblem } from './policies/policy-params.ts';
import { isExempt, perVersion, policyHooks } from './policies/policy-source.ts';
import { Reinvocation, ReinvocationLedger } from './reinvocation.ts';
import { refusal } from './refusal.ts';

/** A policy that is to change the object, for one binding and one parameter. */
interface Invocation {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding;
  readonly match: PolicyMatch;
  readonly params: Unstructured | undefined;
}

/** What goes wrong with a policy, as its failure policy takes it. */
interface Failure {
  readonly policy: MutatingAdmissionPolicy;
  readonly binding: MutatingAdmissionPolicyBinding | undefined;
  readonly message: string;
  readonly reason?: string;
}

/** Changes objects as the MutatingAdmissionPolicies in force say (KEP-3962). */
export function mutatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  const hooks = policyHooks<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    context,
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
  );
  const matcher = policyMatcher(context);
  const compiled = perVersion(compileMutatingPolicy);
  const ledgers = new WeakMap<Reinvocation, ReinvocationLedger>();

  /** Everything that is to be invoked, by what the request is before any policy has changed it. */
  async function collect(attributes: AdmissionAttributes, failures: Failure[]): Promise<Invocation[]> {
    const invocations: Invocation[] = [];
    for (const { policy, bindings } of await hooks()) {
      const { matchConstraints = {}, paramKind } = policy.spec ?? {};
      let match: PolicyMatch | undefined;
      try {
        match = await matcher.match(matchConstraints, attributes);
        if (match === undefined) continue;
        checkParamKind(context, paramKind);
      } catch (error) {
        const message = `failed to configure policy: ${configurationProblem(error)}`;
        failures.push({ policy, binding: undefined, message });
        continue;
      }
      for (const binding of bindings) {
        const { matchResources, paramRef } = binding.spec ?? {};
        try {
          if (matchResources !== undefined && (await matcher.match(matchResources, attributes)) === undefined) continue;
          const problem = await conversionProblem(attributes, match);
          if (problem !== undefined) {
            failures.push({ policy, binding: undefined, message: `failed to configure policy: ${problem}` });
            continue;
          }
          const found = await collectParams(context, paramKind, paramRef, attributes.namespace);
          invocations.push(...found.map((params) => ({ policy, binding, match, params })));
        } catch (error) {
          failures.push({ policy, binding, message: `failed to configure binding: ${configurationProblem(error)}` });
        }
      }
    }
    return invocations;
  }

  /** Why the policies cannot be shown the objects in the version they want, or undefined. */
  async function conversionProblem(
    { object, oldObject, kind }: AdmissionAttributes,
    match: PolicyMatch,
  ): Promise<string | undefined> {
    try {
      for (const value of [object, oldObject]) {
        if (value !== undefined) await context.kinds.convert(value, kind, match.kind);
      }
      return undefined;
    } catch (error) {
      return configurationProblem(error);
    }
  }

  return {
    name: 'MutatingAdmissionPolicy',
    async admit(attributes) {
      const { operation, object, reinvocation = new Reinvocation() } = attributes;
      if (isExempt(attributes.resource) || operation === 'DELETE' || object === undefined) return;
      const failures: Failure[] = [];
      const invocations = await collect(attributes, failures);
      if (invocations.length > 0) {
        const ledger = ledgers.get(reinvocation) ?? new ReinvocationLedger();
        ledgers.set(reinvocation, ledger);
        if (reinvocation.isReinvoked && ledger.isChanged(object)) ledger.requirePrevious();
        const run = new PolicyRun(context, attributes, object, await matcher.namespaceOf(attributes));
        try {
          for (const invocation of invocations) {
            const key = keyOf(invocation);
            const policy = compiled(invocation.policy);
            if (!(await run.applies(invocation, policy, failures))) continue;
            if (reinvocation.isReinvoked && !ledger.isRequired(key)) continue;
            const isChanged = await run.invoke(invocation, policy, failures);
            if (isChanged) ledger.requirePrevious();
            if (invocation.policy.spec?.reinvocationPolicy === 'IfNeeded') ledger.addInvoked(key);
          }
          if (run.hasPatched) {
            ledger.requirePrevious();
            reinvocation.require();
          }
        } finally {
          ledger.leave(object);
        }
      }
      refuse(attributes, failures);
    },
  };
}

function keyOf({ policy, binding, params }: Invocation): string {
  const param = params === undefined ? [] : [params.metadata.namespace, params.metadata.name];
  return JSON.stringify([policy.metadata.name, binding.metadata.name, ...param]);
}

/** The policies of one request. */
class PolicyRun {
  /** Whether any mutation was made, even one that changed nothing. */
  hasPatched = false;
  readonly #context: AdmissionContext;
  readonly #attributes: AdmissionAttributes;
  readonly #object: Unstructured;
  readonly #namespace: Namespace | undefined;
  readonly #access: PolicyAccess;

  constructor(
    context: AdmissionContext,
    attributes: AdmissionAttributes,
    object: Unstructured,
    namespace: Namespace | undefined,
  ) {
    this.#context = context;
    this.#attributes = attributes;
    this.#object = object;
    this.#namespace = namespace;
    this.#access = new PolicyAccess(context, attributes.user);
  }

  /** Whether the match conditions hold. */
  async applies(invocation: Invocation, policy: CompiledMutatingPolicy, failures: Failure[]): Promise<boolean> {
    const ignoresFailures = invocation.policy.spec?.failurePolicy === 'Ignore';
    const input = await this.#input(invocation);
    const { conditions, variables } = policy;
    const { name = '' } = invocation.policy.metadata;
    const owner = { name, kind: 'policy', step: 'validate', context: this.#context } as const;
    const result = await evaluateConditions(conditions, variables, input, this.#access, ignoresFailures, owner);
    if ('matches' in result) return result.matches;
    failures.push({ ...invocation, message: result.error, reason: 'Invalid' });
    return false;
  }

  /** Makes the mutations, in their order. @returns whether the object has changed */
  async invoke(invocation: Invocation, policy: CompiledMutatingPolicy, failures: Failure[]): Promise<boolean> {
    const { kind } = invocation.match;
    const served = this.#context.kinds.find(kind);
    if (served === undefined) {
      throw new StatusError({
        message: `Resource kind ${gvkText(kind)} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`,
        reason: 'ServiceUnavailable',
        code: 503,
      });
    }
    let isChanged = false;
    for (const mutation of policy.mutations) {
      const input = await this.#input(invocation);
      const begun = this.#context.clock.now();
      const told = (failure: string | undefined): void =>
        this.#context.audience?.observer?.policy({
          kind: 'mutating',
          policy: invocation.policy.metadata.name ?? '',
          binding: invocation.binding.metadata.name ?? '',
          failure,
          action: failure === undefined ? 'allow' : 'deny',
          seconds: (this.#context.clock.now() - begun) / 1000,
        });
      try {
        const result = await applyMutation(policy, mutation, input, served, this.#access);
        told(undefined);
        this.hasPatched = true;
        if (equalJson(result, input.object)) continue;
        isChanged = true;
        this.#replace(await this.#context.kinds.convert(result, kind, this.#attributes.kind));
      } catch (error) {
        if (error instanceof Error) told(error.message);
        if (!(error instanceof MutationError)) throw error;
        failures.push({ ...invocation, message: error.message, reason: 'Invalid' });
      }
    }
    return isChanged;
  }

  async #input({ match, params }: Invocation): Promise<{
    attributes: AdmissionAttributes;
    match: PolicyMatch;
    object: Unstructured;
    oldObject: Unstructured | undefined;
    params: Unstructured | undefined;
    namespace: Namespace | undefined;
  }> {
    const { kind, oldObject } = this.#attributes;
    const { kinds } = this.#context;
    return {
      attributes: this.#attributes,
      match,
      object: await kinds.convert(this.#object, kind, match.kind),
      oldObject: oldObject === undefined ? undefined : await kinds.convert(oldObject, kind, match.kind),
      params,
      namespace: this.#namespace,
    };
  }

  /** Plugins change the object in place. */
  #replace(changed: Unstructured): void {
    for (const field of Object.keys(this.#object)) delete this.#object[field];
    Object.assign(this.#object, changed);
  }
}

/** Refuses the request for the failures that are not to be ignored. @throws StatusError */
function refuse(attributes: AdmissionAttributes, failures: readonly Failure[]): void {
  const counting = failures.filter(({ policy }) => policy.spec?.failurePolicy !== 'Ignore');
  const [first] = counting;
  if (first === undefined) return;
  const messages = counting.map(({ policy, binding, message }) => {
    const { name = '' } = policy.metadata;
    if (binding === undefined) return `policy "${name}" denied request: ${message}`;
    return `policy '${name}' with binding '${binding.metadata.name ?? ''}' denied request: ${message}`;
  });
  const { status } = refusal(attributes, '');
  // The code stays that of a forbidden request, whatever the reason.
  throw new StatusError({
    ...status,
    message: messages[0] ?? '',
    reason: first.reason ?? 'Forbidden',
    code: 403,
    details: { ...status.details, causes: messages.map((message) => ({ message })) },
  });
}
