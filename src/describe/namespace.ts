import type { LimitRange, Namespace, ResourceQuota } from '../api/types/core-v1.ts';
import { StatusError } from '../apimachinery/status.ts';
import type { DescribeText } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';

/** A namespace, with its quotas and limits. */
export const describeNamespace: Describer = async (object, text, context) => {
  const { metadata, status } = object as unknown as Namespace;
  const name = metadata.name ?? '';
  text.line(0, `Name:\t${name}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, `Status:\t${status?.phase ?? ''}`);
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.line(1, 'Type\tStatus\tLastTransitionTime\tReason\tMessage');
    text.line(1, '----\t------\t------------------\t------\t-------');
    for (const condition of conditions) {
      const { type, status: value, lastTransitionTime = '', reason = '', message = '' } = condition;
      text.line(1, `${type}\t${value}\t${lastTransitionTime}\t${reason}\t${message}`);
    }
  }
  const quotas = await listIn<ResourceQuota>('resourcequotas', name, context);
  const limits = await listIn<LimitRange>('limitranges', name, context);
  if (quotas !== undefined) describeQuotas(quotas, text);
  if (limits !== undefined) describeLimits(limits, text);
};

async function listIn<T>(resource: string, namespace: string, context: DescribeContext): Promise<T[] | undefined> {
  try {
    const list = await context.client.resource({ group: '', version: 'v1', resource }, namespace).list();
    return list.items as unknown as T[];
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

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

function describeQuotas(quotas: readonly ResourceQuota[], text: DescribeText): void {
  if (quotas.length === 0) {
    text.line(0, '\nNo resource quota.');
    return;
  }
  text.line(0, '\nResource Quotas');
  for (const { metadata, spec, status } of quotas.toSorted((a, b) =>
    (a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1,
  )) {
    text.line(0, `  Name:\t${metadata?.name ?? ''}`);
    const scopes = spec?.scopes ?? [];
    if (scopes.length > 0) {
      text.line(0, `  Scopes:\t${scopes.toSorted().join(', ')}`);
      for (const scope of scopes.toSorted()) {
        const meaning = scopeMeanings[scope];
        if (meaning !== undefined) text.line(0, `  * ${meaning}`);
      }
    }
    text.line(0, '  Resource\tUsed\tHard');
    text.line(0, '  --------\t---\t---');
    for (const name of Object.keys(status?.hard ?? {}).toSorted()) {
      text.line(0, `  ${name}\t${status?.used?.[name] ?? '0'}\t${status?.hard?.[name] ?? '0'}`);
    }
  }
}

function describeLimits(ranges: readonly LimitRange[], text: DescribeText): void {
  if (ranges.length === 0) {
    text.line(0, '\nNo LimitRange resource.');
    return;
  }
  text.line(0, '\nResource Limits');
  text.line(0, ' Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio');
  text.line(0, ' ----\t--------\t---\t---\t---------------\t-------------\t-----------------------');
  for (const { type, min, max, defaultRequest, default: limit, maxLimitRequestRatio } of ranges.flatMap(
    ({ spec }) => spec?.limits ?? [],
  )) {
    const columns = [min, max, defaultRequest, limit, maxLimitRequestRatio];
    const resources = new Set(columns.flatMap((amounts) => Object.keys(amounts ?? {})));
    for (const resource of [...resources].toSorted()) {
      const cells = columns.map((amounts) => amounts?.[resource] ?? '-');
      text.line(0, ` ${type}\t${resource}\t${cells.join('\t')}`);
    }
  }
}
