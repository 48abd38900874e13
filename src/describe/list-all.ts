import type { GroupVersionResource } from '../apimachinery/gvk.ts';
import type { Unstructured } from '../apimachinery/object-meta.ts';
import { listError } from '../client/list-error.ts';
import type { DescribeContext } from './describer.ts';

/** What a list is narrowed to. */
export interface ListSelectors {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/**
 * All objects of a resource in a namespace (all namespaces without one), asked for in pieces.
 * @throws StatusError, which tells what was looked for when the request itself was wrong
 */
export async function listAll<T>(
  context: DescribeContext,
  gvr: GroupVersionResource,
  namespace: string | undefined,
  selectors: ListSelectors = {},
): Promise<T[]> {
  const resource = context.client.resource(gvr, namespace === '' ? undefined : namespace);
  const items: Unstructured[] = [];
  let continueToken = '';
  try {
    do {
      const page = await resource.list({
        ...selectors,
        ...(context.chunkSize > 0 ? { limit: context.chunkSize } : {}),
        ...(continueToken === '' ? {} : { continue: continueToken }),
      });
      items.push(...page.items);
      continueToken = page.metadata.continue ?? '';
    } while (continueToken !== '');
  } catch (error) {
    throw listError(error, gvr.resource, selectors);
  }
  return items as unknown as T[];
}

/** The resources that descriptions look at besides the object itself. */
export const related = {
  events: { group: '', version: 'v1', resource: 'events' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  resourceQuotas: { group: '', version: 'v1', resource: 'resourcequotas' },
  limitRanges: { group: '', version: 'v1', resource: 'limitranges' },
  services: { group: '', version: 'v1', resource: 'services' },
  replicaSets: { group: 'apps', version: 'v1', resource: 'replicasets' },
  leases: { group: 'coordination.k8s.io', version: 'v1', resource: 'leases' },
  endpointSlices: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  resourceSlices: { group: 'resource.k8s.io', version: 'v1', resource: 'resourceslices' },
} as const;
