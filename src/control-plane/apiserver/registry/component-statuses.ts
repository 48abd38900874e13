import { messageOf } from '../../../apimachinery/error-message.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { notFound } from '../../../apimachinery/status.ts';
import { negotiateOutput } from '../negotiation.ts';
import type { EndpointHandler, SpecialEndpoints } from '../route-resource.ts';
import { answerObject } from '../endpoints/endpoint.ts';
import { parseListOptions } from '../endpoints/request-options.ts';
import { objectResponse } from '../responses.ts';
import { listObject } from './output.ts';
import { parseSelection } from './selection.ts';
import { checkTransform } from './table.ts';

/** A part of the cluster whose health componentstatuses tells. */
export interface ClusterComponent {
  readonly name: string;
  /** What a healthy one says. @throws Error that says what is wrong */
  readonly check: () => Promise<string>;
}

/** componentstatuses: nothing of them is stored, each component is asked when somebody reads. */
export function componentStatusEndpoints(components: readonly ClusterComponent[]): SpecialEndpoints {
  const get: EndpointHandler = async (endpoint) => {
    const component = components.find(({ name }) => name === endpoint.name);
    const format = negotiateOutput(endpoint.request, endpoint.server.codecs, { transforms: 'all' });
    if (component === undefined) throw notFound({ group: '', resource: 'componentstatus' }, endpoint.name);
    return answerObject(endpoint, format, 200, await statusOf(component));
  };
  const list: EndpointHandler = async ({ request, server, store }) => {
    const format = negotiateOutput(request, server.codecs, { transforms: 'all' });
    const { labelSelector, fieldSelector } = parseListOptions(request.query, false);
    const selection = parseSelection(store.resource, labelSelector, fieldSelector);
    checkTransform(store.resource, format, true);
    const statuses = await Promise.all(components.map(statusOf));
    const chosen = statuses.filter((status) => selection.matches(status));
    return objectResponse(request, format, 200, listObject(request, store, format, chosen, {}));
  };
  return new Map([['/componentstatuses/', { get, list }]]);
}

async function statusOf({ name, check }: ClusterComponent): Promise<Unstructured> {
  const found = await check().then(
    (message) => ({ status: 'True', message }),
    (error: unknown) => ({ status: 'False', message: messageOf(error) }),
  );
  return {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', ...found }],
  };
}
