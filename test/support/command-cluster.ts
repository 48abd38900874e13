import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { builtInResources, builtInTypes } from '../../src/api/registry.ts';
import type { HttpRequest, HttpResponse } from '../../src/apimachinery/http.ts';
import type { ProgramWorld } from '../../src/cli/program.ts';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createDiscoveryRoute } from '../../src/control-plane/apiserver/discovery/discovery-route.ts';
import { createOpenApiRoute } from '../../src/control-plane/apiserver/openapi/openapi-route.ts';
import { renderedOpenApi } from '../../src/control-plane/apiserver/openapi/rendered-openapi.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { type CommandRunner, commandRunner } from './run-command.ts';
import { createTestApiServer, type TestApiServer, type TestApiServerOptions } from './test-api-server.ts';

/** Commands beside the real API server, in one process, without sockets. */
export interface CommandCluster extends CommandRunner {
  readonly api: TestApiServer;
  /** Of server and commands. */
  readonly clock: FakeClock;
  /** `METHOD PATH` of every request that commands sent, in order. */
  readonly requests: readonly string[];
}

/**
 * Starts an API server in memory, with discovery and OpenAPI, and a runner whose kubeconfig leads to it; both end with
 * the test. Requests of commands come from an administrator.
 */
export async function createCommandCluster(
  context: TestContext,
  options: {
    readonly api?: TestApiServerOptions;
    readonly world?: Partial<ProgramWorld>;
    /** Answers requests in the server's stead, as an extension does; undefined for those that are not its own. */
    readonly extension?: (request: HttpRequest) => HttpResponse | undefined;
  } = {},
): Promise<CommandCluster> {
  const clock = new FakeClock();
  const api = await createTestApiServer({
    clock,
    routes: [createDiscoveryRoute({ serverAddress: () => '127.0.0.1:6443' }), openApiRoute()],
    ...options.api,
  });
  context.after(() => api.close());
  const requests: string[] = [];
  const transport = createInProcessTransport((request) => {
    requests.push(`${request.method} ${request.path}`);
    const answer = options.extension?.(request);
    return answer === undefined ? api.server.handle(request) : Promise.resolve(answer);
  });
  const runner = commandRunner(context, { clock, transport, ...options.world });
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server: 'https://in-process.invalid' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    users: [{ name: 'admin', user: { token: 'admin' } }],
  };
  const path = join(runner.home, 'kubeconfig');
  writeFileSync(path, JSON.stringify(kubeconfig));
  const runWith: CommandRunner['runWith'] = (world, ...argv) => runner.runWith(world, `--kubeconfig=${path}`, ...argv);
  return { home: runner.home, api, clock, requests, runWith, run: (...argv) => runWith({}, ...argv) };
}

/** The documents of the built-in API, rendered when first asked for. */
function openApiRoute(): ReturnType<typeof createOpenApiRoute> {
  const input = { resources: builtInResources, types: builtInTypes(), documentation: () => undefined, version: '1.36' };
  const hashOf = (name: string): string => createHash('sha512').update(name).digest('hex').toUpperCase();
  return createOpenApiRoute(renderedOpenApi(input, hashOf));
}
