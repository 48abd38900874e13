import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../api/types/admissionregistration-v1.ts';
import type { PolicyReport } from './admission-observer.ts';
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from './admission-plugin.ts';
import { PolicyAccess } from './policies/policy-access.ts';
import { type PolicyMatch, policyMatcher } from './policies/policy-matching.ts';
import {
  checkParamKind,
  collectParams,
  configurationProblem,
  PolicyConfigurationError,
} from './policies/policy-params.ts';
import { policyRefusal } from './policies/policy-refusal.ts';
import { isExempt, perVersion, type PolicyHook, policyHooks } from './policies/policy-source.ts';
import {
  compileValidatingPolicy,
  type Denial,
  evaluateValidatingPolicy,
  type PolicyVerdict,
} from './policies/validating-policy.ts';

type Hook = PolicyHook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

/** A denial and who it is from; without a binding when the policy itself cannot be used. */
interface Refusal {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason?: string;
}

const maxAnnotationLength = 10 * 1024;

const actionsInMetrics: Readonly<Record<string, PolicyReport['action']>> = {
  Deny: 'deny',
  Audit: 'audit',
  Warn: 'warn',
};

/** An object that cannot be had in the version a policy wants is a fault in how the policy is set up. */
function refuseToShow(error: unknown): never {
  throw new PolicyConfigurationError(`failed to convert object version: ${configurationProblem(error)}`);
}

/** Denies, warns and notes what the ValidatingAdmissionPolicies in force object to (KEP-3488). */
export function validatingAdmissionPolicy(context: AdmissionContext): AdmissionPlugin {
  const hooks = policyHooks<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    context,
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
  );
  const matcher = policyMatcher(context);
  const compiled = perVersion(compileValidatingPolicy);

  /** The verdicts of one binding, one for each of its parameters. */
  async function verdictsOf(
    hook: Hook,
    binding: ValidatingAdmissionPolicyBinding,
    match: PolicyMatch,
    attributes: AdmissionAttributes,
    access: PolicyAccess,
  ): Promise<readonly PolicyVerdict[]> {
    const { matchResources, paramRef } = binding.spec;
    if (matchResources !== undefined && (await matcher.match(matchResources, attributes)) === undefined) return [];
    const { paramKind } = hook.policy.spec ?? {};
    const params = await collectParams(context, paramKind, paramRef, attributes.namespace);
    if (params.length === 0) return [];
    const namespace = await matcher.namespaceOf(attributes);
    const { object, oldObject, kind } = attributes;
    const seen = async (value: typeof object): Promise<typeof object> =>
      value === undefined ? undefined : context.kinds.convert(value, kind, match.kind).catch(refuseToShow);
    const verdicts: PolicyVerdict[] = [];
    for (const param of params) {
      const input = {
        attributes,
        match,
        object: await seen(object),
        oldObject: await seen(oldObject),
        params: param,
        namespace,
      };
      const { name = '' } = hook.policy.metadata;
      const owner = { name, kind: 'policy', step: 'validate', context } as const;
      verdicts.push(await evaluateValidatingPolicy(compiled(hook.policy), input, access, owner));
    }
    return verdicts;
  }

  async function refusalsOf(hook: Hook, attributes: AdmissionAttributes, access: PolicyAccess): Promise<Refusal[]> {
    const { policy, bindings } = hook;
    const { name = '' } = policy.metadata;
    const isIgnored = policy.spec?.failurePolicy === 'Ignore';
    const refusals: Refusal[] = [];
    const misconfigured = (error: unknown, binding: string | undefined): void => {
      const what = binding === undefined ? 'policy' : 'binding';
      const message = `failed to configure ${what}: ${configurationProblem(error)}`;
      if (!isIgnored) refusals.push({ policy: name, binding, message });
    };
    let match: PolicyMatch | undefined;
    try {
      match = await matcher.match(policy.spec?.matchConstraints ?? {}, attributes);
      if (match === undefined) return [];
      checkParamKind(context, policy.spec?.paramKind);
    } catch (error) {
      misconfigured(error, undefined);
      return refusals;
    }
    const notes = new Map<string, Set<string>>();
    for (const binding of bindings) {
      const { name: bindingName = '' } = binding.metadata;
      const begun = context.clock.now();
      let verdicts: readonly PolicyVerdict[] = [];
      try {
        verdicts = await verdictsOf(hook, binding, match, attributes, access);
      } catch (error) {
        misconfigured(error, bindingName);
      }
      const seconds = (context.clock.now() - begun) / 1000;
      const told = (failure: string, action: PolicyReport['action']): void =>
        context.audience?.observer?.policy({
          kind: 'validating',
          policy: name,
          binding: bindingName,
          failure,
          action,
          seconds,
        });
      for (const { denials, ignored, annotations, annotationErrors } of verdicts) {
        for (const failure of ignored) told(failure, 'allow');
        for (const denial of denials) {
          for (const action of binding.spec.validationActions) told(denial.message, actionsInMetrics[action] ?? 'deny');
          if (act(denial, name, binding, attributes)) refusals.push({ policy: name, binding: bindingName, ...denial });
        }
        for (const message of annotationErrors) {
          told(message, 'deny');
          refusals.push({ policy: name, binding: bindingName, message });
        }
        for (const { key, text } of annotations) {
          notes.set(key, (notes.get(key) ?? new Set()).add(text.slice(0, maxAnnotationLength)));
        }
      }
    }
    for (const [key, texts] of notes) attributes.annotate?.(`${name}/${key}`, [...texts].join(', '));
    return refusals;
  }

  return {
    name: 'ValidatingAdmissionPolicy',
    async validate(attributes) {
      if (isExempt(attributes.resource)) return;
      const access = new PolicyAccess(context, attributes.user);
      const refusals: Refusal[] = [];
      for (const hook of await hooks()) refusals.push(...(await refusalsOf(hook, attributes, access)));
      const [first] = refusals;
      if (first === undefined) return;
      const from = first.binding === undefined ? '' : ` with binding '${first.binding}'`;
      const message = `ValidatingAdmissionPolicy '${first.policy}'${from} denied request: ${first.message}`;
      throw policyRefusal(attributes, message, first.reason);
    },
  };
}

/** Does what a binding wants done about a denial. @returns whether the request is denied */
function act(
  { index, message }: Denial,
  policy: string,
  { metadata: { name = '' }, spec: { validationActions } }: ValidatingAdmissionPolicyBinding,
  attributes: AdmissionAttributes,
): boolean {
  if (validationActions.includes('Warn')) {
    attributes.warn(`Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${name}': ${message}`);
  }
  if (validationActions.includes('Audit')) {
    const failure = { message, policy, binding: name, expressionIndex: index, validationActions };
    attributes.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
  }
  return validationActions.includes('Deny');
}
