import { type QuotaEvaluator, quotaScopes } from '../../api/core/v1/quota-evaluation.ts';
import type { ResourceList } from '../../api/core/v1/resource-list.ts';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../api/types/core-v1.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { plainError, type StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes } from './admission-plugin.ts';
import type { LimitedResource } from './configuration/resource-quota-configuration.ts';
import { refusal } from './refusal.ts';

/** A request, the quotas of its namespace, and those that count it. */
interface CoverQuestion {
  readonly limited: readonly LimitedResource[];
  readonly quotas: readonly ResourceQuota[];
  readonly matching: readonly ResourceQuota[];
  readonly attributes: AdmissionAttributes;
  readonly evaluator: QuotaEvaluator;
  readonly item: KubeObject;
  readonly usage: ResourceList;
}

/** What to say where a request uses what the configuration limits, and no quota covers it. */
export function uncovered(question: CoverQuestion): StatusError | undefined {
  const { limited, attributes } = question;
  if (limited.length === 0) return undefined;
  const names = uncoveredNames(question);
  if (names.length > 0) {
    return refusal(attributes, `insufficient quota to consume: ${names.join(',')}`);
  }
  const scopes = uncoveredScopes(question);
  if (scopes.length === 0) return undefined;
  return plainError(`insufficient quota to match these scopes: [${scopes.map(describeScope).join(' ')}]`);
}

function uncoveredNames({ limited, matching, attributes, evaluator, usage }: CoverQuestion): string[] {
  const { group, resource } = attributes.resource;
  const parts = limited
    .filter((one) => one.apiGroup === group && one.resource === resource)
    .flatMap(({ matchContains }) => matchContains);
  const restricted = matching.flatMap((quota) => evaluator.matchingResources(Object.keys(quota.status?.hard ?? {})));
  return [...usage]
    .filter(([name, amount]) => amount.sign() > 0 && parts.some((part) => name.includes(part)))
    .map(([name]) => name)
    .filter((name) => !restricted.includes(name))
    .toSorted();
}

/** Scopes are looked at in every quota, whether it counts the object or not. */
function uncoveredScopes({ limited, quotas, evaluator, item }: CoverQuestion): ScopedResourceSelectorRequirement[] {
  const holds = (scope: ScopedResourceSelectorRequirement): boolean => evaluator.matchesScope(scope, item);
  const covered = new Set(
    quotas
      .flatMap(quotaScopes)
      .filter(holds)
      .map(({ scopeName }) => scopeName),
  );
  return limited
    .flatMap(({ matchScopes }) => matchScopes.filter(holds))
    .filter(({ scopeName }) => !covered.has(scopeName));
}

/** As Go shows the struct. */
function describeScope({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): string {
  return `{${scopeName} ${operator} [${values.join(' ')}]}`;
}
