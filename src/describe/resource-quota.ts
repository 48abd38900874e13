import type { LimitRange, LimitRangeItem, ResourceQuota } from '../api/types/core-v1.ts';
import { canonicalQuantity, parseQuantity, Quantity } from '../apimachinery/quantity.ts';
import type { DescribeText } from './describe-text.ts';
import type { Describer } from './describer.ts';

const scopeMeanings: Readonly<Record<string, string>> = {
  Terminating:
    'Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.',
  NotTerminating:
    'Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.',
  BestEffort:
    'Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.',
  NotBestEffort:
    'Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.',
};

/** A quota, with what is used of it. */
export const describeResourceQuota: Describer = (object, text) => {
  const quota = object as unknown as ResourceQuota;
  text.line(0, `Name:\t${quota.metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${quota.metadata?.namespace ?? ''}`);
  describeScopes(quota, 0, ' * ', text);
  text.line(0, 'Resource\tUsed\tHard');
  text.line(0, '--------\t----\t----');
  const { hard = {}, used = {} } = quota.status ?? {};
  for (const name of Object.keys(hard).toSorted()) {
    const limit = parseQuantity(hard[name] ?? '0');
    const amount = parseQuantity(used[name] ?? '0');
    // What is counted in other units is told in those of the limit.
    const shown = amount.format === limit.format ? amount : new Quantity(amount.value() * 10n ** 9n, limit.format);
    text.line(0, `${name}\t${shown.toString()}\t${limit.toString()}`);
  }
  return Promise.resolve();
};

/** A namespace's quotas. */
export function describeQuotas(quotas: readonly ResourceQuota[], text: DescribeText): void {
  if (quotas.length === 0) {
    text.line(0, 'No resource quota.');
    return;
  }
  text.line(0, 'Resource Quotas');
  const nameOf = ({ metadata }: ResourceQuota): string => metadata?.name ?? '';
  for (const quota of quotas.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    text.line(1, `Name:\t${nameOf(quota)}`);
    describeScopes(quota, 1, '* ', text);
    text.line(1, 'Resource\tUsed\tHard');
    text.line(1, '--------\t---\t---');
    const { hard = {}, used = {} } = quota.status ?? {};
    for (const name of Object.keys(hard).toSorted()) {
      text.line(1, `${name}\t${canonicalQuantity(used[name] ?? '0')}\t${canonicalQuantity(hard[name] ?? '0')}`);
    }
  }
}

function describeScopes({ spec }: ResourceQuota, level: number, bullet: string, text: DescribeText): void {
  const scopes = (spec?.scopes ?? []).toSorted();
  if (scopes.length > 0) text.line(level, `Scopes:\t${scopes.join(', ')}`);
  for (const scope of scopes) {
    const meaning = scopeMeanings[scope];
    if (meaning !== undefined) text.line(level, `${bullet}${meaning}`);
  }
}

const limitHeads = [
  'Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio',
  '----\t--------\t---\t---\t---------------\t-------------\t-----------------------',
];

/** A range of limits. */
export const describeLimitRange: Describer = (object, text) => {
  const { metadata, spec } = object as unknown as LimitRange;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  for (const line of [...limitHeads, ...limitLines(spec?.limits ?? [])]) text.line(0, line);
  return Promise.resolve();
};

/** A namespace's ranges of limits. */
export function describeLimits(ranges: readonly LimitRange[], text: DescribeText): void {
  if (ranges.length === 0) {
    text.line(0, 'No LimitRange resource.');
    return;
  }
  text.line(0, 'Resource Limits');
  const lines = limitLines(ranges.flatMap(({ spec }) => spec?.limits ?? []));
  for (const line of [...limitHeads, ...lines]) text.line(0, ` ${line}`);
}

/** The real program shuffles resources of one limit; here they are sorted. */
function limitLines(limits: readonly LimitRangeItem[]): string[] {
  return limits.flatMap(({ type, min, max, defaultRequest, default: limit, maxLimitRequestRatio }) => {
    const columns = [min, max, defaultRequest, limit, maxLimitRequestRatio];
    const resources = new Set(columns.flatMap((amounts) => Object.keys(amounts ?? {})));
    return [...resources].toSorted().map((resource) => {
      const cells = columns.map((amounts) => {
        const amount = amounts?.[resource];
        return amount === undefined ? '-' : canonicalQuantity(amount);
      });
      return `${type}\t${resource}\t${cells.join('\t')}`;
    });
  });
}
