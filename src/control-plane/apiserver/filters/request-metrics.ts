import { header } from '../../../apimachinery/http.ts';
import type { Clock } from '../../../system/clock.ts';
import type { RequestLabels, ServerMetrics } from '../metrics/server-metrics.ts';
import type { ResourceRegistry } from '../registry/api-resource.ts';
import type { ApiRequest, Filter } from '../request-context.ts';
import { isTrue } from '../request-info.ts';
import { withEnd } from '../response-end.ts';
import { statusOf } from '../responses.ts';
import { isLongRunning } from './max-in-flight.ts';

const component = 'apiserver';
const methods: ReadonlySet<string> = new Set([
  'GET',
  'LIST',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'APPLY',
  'CONNECT',
  'WATCH',
]);
const writes: ReadonlySet<string> = new Set(['create', 'update', 'patch']);
const connects: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);
/** Components whose requests are told apart by their user agent. */
const systemClients: ReadonlySet<string> = new Set([
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'cluster-policy-controller',
]);

/**
 * Counts requests and measures their time and size. Only what leads to a resource or to a health endpoint is counted,
 * as in kube-apiserver: anything else would make labels without end.
 */
export function withRequestMetrics(metrics: ServerMetrics, resources: ResourceRegistry, clock: Clock): Filter {
  return (next) => async (request) => {
    const labels = requestLabels(request, resources);
    if (labels === undefined) return next(request);
    const { verb, dryRun, group, version, resource, subresource, scope } = labels;
    const route = [verb, group, version, resource, subresource, scope, component];
    const isLong = isLongRunning(request);
    const finish = (code: number, size: number | undefined): void => {
      const seconds = (clock.now() - request.receivedAt) / 1000;
      const agent = (header(request.headers, 'user-agent') ?? '').split('/');
      const client = agent.length > 1 && systemClients.has(agent[0] ?? '') ? (agent[0] ?? '') : '';
      if (client === 'kube-apiserver') metrics.selfRequests.add([verb, group, resource, subresource]);
      const all = [verb, dryRun, ...route.slice(1)];
      metrics.requests.add([...all, String(code), client]);
      metrics.durations.observe(all, seconds);
      metrics.fieldValidations.observe([fieldValidationLabel(request.query)], seconds);
      if (dryRun === '') metrics.indicatorDurations.observe(route, seconds);
      const sent = Number(header(request.headers, 'content-length') ?? '');
      if (sent > 0 && writes.has(request.info.verb)) {
        metrics.bodySizes.observe([group, resource, request.info.verb], sent);
      }
      if (size !== undefined && (verb === 'GET' || verb === 'LIST')) metrics.responseSizes.observe(route, size);
      const deprecated = resources.find(group, version, resource)?.deprecationWarning ?? '';
      if (deprecated !== '') metrics.deprecatedRequests.set([group, version, resource, subresource, ''], 1);
    };
    if (isLong) metrics.longRunning.add(route);
    try {
      const response = await next(request);
      const { status, body } = response;
      const size = body instanceof Uint8Array ? body.byteLength : undefined;
      if (verb === 'WATCH' && status === 200 && isTrue(request.query.get('sendInitialEvents'))) {
        const seconds = (clock.now() - request.receivedAt) / 1000;
        metrics.watchLists.observe([group, version, resource, scope], seconds);
      }
      const isStream = size === undefined;
      let streamed = 0;
      return withEnd(
        response,
        () => {
          if (isLong) metrics.longRunning.add(route, -1);
          finish(status, isStream && !isLong ? streamed : size);
        },
        (chunk) => {
          streamed += chunk.byteLength;
          if (verb !== 'WATCH') return;
          metrics.watchEvents.add([group, version, resource]);
          metrics.watchEventSizes.observe([group, version, resource], chunk.byteLength);
        },
      );
    } catch (error) {
      if (isLong) metrics.longRunning.add(route, -1);
      finish(statusOf(error).code ?? 500, undefined);
      throw error;
    }
  };
}

/** Counts a request that the server gives up by itself: with 504 when it takes too long, with 429 when there are too many. */
export function countTermination(
  metrics: Pick<ServerMetrics, 'terminations'>,
  resources: ResourceRegistry,
): (request: ApiRequest, code: number) => void {
  return (request, code) => {
    const labels = requestLabels(request, resources);
    if (labels === undefined) return;
    const { verb, group, version, resource, subresource, scope } = labels;
    metrics.terminations.add([verb, group, version, resource, subresource, scope, component, String(code)]);
  };
}

function requestLabels(request: ApiRequest, resources: ResourceRegistry): RequestLabels | undefined {
  const { info, method } = request;
  const { apiGroup: group, apiVersion: version, resource, subresource, namespace, parts, path } = info;
  if (!info.isResourceRequest) {
    if (path !== '/healthz' && path !== '/livez' && path !== '/readyz') return undefined;
    return { verb: 'GET', dryRun: '', group: '', version: '', resource: '', subresource: path, scope: '' };
  }
  if (resources.find(group, version, resource) === undefined) return undefined;
  const isObject = parts.length > 1 || info.verb === 'create';
  const scope = isObject ? 'resource' : namespace === '' ? 'cluster' : 'namespace';
  const verb = reportedVerb(request, isObject, method === 'HEAD' ? 'GET' : method);
  const dryRun = dryRunLabel(request.query);
  return { verb, dryRun, group, version, resource, subresource, scope };
}

function reportedVerb({ info, query, headers }: ApiRequest, isObject: boolean, method: string): string {
  if (connects.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'watch' || (method === 'GET' && isTrue(query.get('watch')))) return 'WATCH';
  if (method === 'PATCH' && header(headers, 'content-type') === 'application/apply-patch+yaml') return 'APPLY';
  const verb = method === 'GET' && !isObject ? 'LIST' : method;
  return methods.has(verb) ? verb : 'other';
}

function fieldValidationLabel(query: URLSearchParams): string {
  const [value = '', ...more] = query.getAll('fieldValidation');
  return more.length === 0 && ['', 'Ignore', 'Warn', 'Strict'].includes(value) ? value : 'invalid';
}

function dryRunLabel(query: URLSearchParams): string {
  const values = [...new Set(query.getAll('dryRun'))];
  return values.some((value) => value !== 'All') ? 'invalid' : values.join(',');
}

/** Who asked, as far as that is no person's name: users that people chose would make labels without end. */
export function countedUsername(username: string): string {
  const known = ['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default'];
  if (known.includes(username)) return username;
  return username.includes('@') ? 'email_id' : 'other';
}
