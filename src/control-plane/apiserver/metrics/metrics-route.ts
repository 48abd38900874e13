import type { HttpResponse } from '../../../apimachinery/http.ts';
import type { ApiRequest } from '../request-context.ts';
import { bytesResponse } from '../responses.ts';
import type { ServerMetrics } from './server-metrics.ts';

const textFormat = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

/**
 * Answers `/metrics` and `/metrics/slis` in Prometheus' text format, whatever is accepted; DELETE begins to count anew.
 * @returns undefined for other paths.
 */
export async function handleMetrics(request: ApiRequest, metrics: ServerMetrics): Promise<HttpResponse | undefined> {
  const { path } = request.info;
  const registry = path === '/metrics' ? metrics.registry : path === '/metrics/slis' ? metrics.indicators : undefined;
  if (registry === undefined) return undefined;
  if (request.method === 'DELETE') {
    registry.reset();
    return bytesResponse(request, 200, 'text/plain; charset=utf-8', Buffer.from('metrics reset\n'));
  }
  const startedAt = metrics.startTimeSeconds?.();
  const response = bytesResponse(request, 200, textFormat, Buffer.from(await registry.show()), true);
  if (startedAt === undefined) return response;
  return { ...response, headers: { ...response.headers, 'process-start-time-unix': String(Math.floor(startedAt)) } };
}
