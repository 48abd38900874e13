import type { LimitRange, Namespace, ResourceQuota } from '../api/types/core-v1.ts';
import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import { hasReason } from '../apimachinery/status.ts';
import { longTime } from './describe-text.ts';
import type { DescribeContext, Describer } from './describer.ts';
import { listAll, related } from './list-all.ts';
import { describeLimits, describeQuotas } from './resource-quota.ts';

/** A namespace, with its quotas and limits. */
export const describeNamespace: Describer = async (object, text, context) => {
  const { metadata, status } = object as unknown as Namespace;
  const name = metadata?.name ?? '';
  text.line(0, `Name:\t${name}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `Status:\t${status?.phase ?? ''}`);
  const conditions = status?.conditions ?? [];
  if (conditions.length > 0) {
    text.line(0, 'Conditions:');
    text.table(
      1,
      ['Type', 'Status', 'LastTransitionTime', 'Reason', 'Message'],
      conditions.map(({ type, status: value, lastTransitionTime, reason = '', message = '' }) => {
        return [type, value, longTime(lastTransitionTime), reason, message];
      }),
    );
  }
  const [quotas, limits] = await Promise.all([
    listServed<ResourceQuota>(related.resourceQuotas, name, context),
    listServed<LimitRange>(related.limitRanges, name, context),
  ]);
  if (quotas !== undefined) {
    text.line(0, '');
    describeQuotas(quotas, text);
  }
  if (limits !== undefined) {
    text.line(0, '');
    describeLimits(limits, text);
  }
};

/** Undefined where the server does not have the resource. */
async function listServed<T>(
  resource: GroupVersionResource,
  namespace: string,
  context: DescribeContext,
): Promise<T[] | undefined> {
  try {
    return await listAll<T>(context, resource, namespace);
  } catch (error) {
    if (hasReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
