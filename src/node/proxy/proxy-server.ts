import type { HttpHandler, HttpResponse } from '../../apimachinery/http.ts';
import type { Clock } from '../../system/clock.ts';
import type { ServiceHealth, ServiceProxy } from './service-proxy.ts';

export interface ProxyServerOptions {
  readonly services: ServiceProxy;
  readonly nodeName: string;
  readonly clock: Clock;
}

/** What a node's service proxy answers on ports of the node. */
export interface ProxyServer {
  /** Undefined when the port is not the proxy's. @param isLoopback asked from the node itself */
  handlerOf(port: number, isLoopback: boolean): HttpHandler | undefined;
}

/** Where kube-proxy says whether it is well. */
const healthPort = 10_256;
/** Where it says what it does, to the node alone. */
const statusPort = 10_249;

/**
 * The ports of kube-proxy: 10256 (`/healthz`, `/livez`), 10249 on the node's loopback address (`/healthz`, `/proxyMode`),
 * and the ports for health checks of services with externalTrafficPolicy Local.
 */
export function createProxyServer({ services, nodeName, clock }: ProxyServerOptions): ProxyServer {
  return {
    handlerOf(port, isLoopback) {
      if (port === healthPort) return healthHandler(clock);
      if (port === statusPort) return isLoopback ? statusHandler : undefined;
      if (services.healthOf(port, nodeName) === undefined) return undefined;
      return async () => {
        const health = services.healthOf(port, nodeName);
        return health === undefined ? answer(404, '', 'text/plain; charset=utf-8') : serviceHealthAnswer(health);
      };
    },
  };
}

function healthHandler(clock: Clock): HttpHandler {
  return async ({ path }) => {
    const asked = pathOf(path);
    if (asked !== '/healthz' && asked !== '/livez') return notFound();
    const time = new Date(clock.now()).toISOString();
    const health = { lastUpdated: time, currentTime: time, healthy: true };
    return json(200, JSON.stringify(asked === '/healthz' ? { ...health, nodeEligible: true } : health));
  };
}

const statusHandler: HttpHandler = async ({ path }) => {
  switch (pathOf(path)) {
    case '/healthz':
      return answer(200, 'ok', 'text/plain; charset=utf-8');
    case '/proxyMode':
      // None of the kernel's ways: connections are led within the process.
      return answer(200, 'userspace', 'text/plain; charset=utf-8');
    default:
      return notFound();
  }
};

function serviceHealthAnswer({ namespace, name, localEndpoints }: ServiceHealth): HttpResponse {
  const lines = [
    '{',
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(namespace)},`,
    `\t\t"name": ${JSON.stringify(name)}`,
    '\t},',
    `\t"localEndpoints": ${localEndpoints},`,
    '\t"serviceProxyHealthy": true',
    '}',
  ];
  const told = json(localEndpoints > 0 ? 200 : 503, lines.join('\n'));
  return { ...told, headers: { ...told.headers, 'x-load-balancing-endpoint-weight': `${localEndpoints}` } };
}

function json(status: number, text: string): HttpResponse {
  const { headers, ...rest } = answer(status, text, 'application/json');
  return { ...rest, headers: { ...headers, 'x-content-type-options': 'nosniff' } };
}

function notFound(): HttpResponse {
  return answer(404, '404 page not found\n', 'text/plain; charset=utf-8');
}

function answer(status: number, text: string, type: string): HttpResponse {
  return { status, headers: { 'content-type': type }, body: Buffer.from(text) };
}

function pathOf(path: string): string {
  return path.split('?')[0] ?? '';
}
