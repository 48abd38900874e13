import { createHash } from 'node:crypto';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
import { serveRequest } from '../../apimachinery/serve-http.ts';
import { forbidden } from '../../apimachinery/status.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import { createInProcessTransport } from '../../client/in-process-transport.ts';
import type { Informer } from '../../client/informer.ts';
import { createClient } from '../../client/rest-client.ts';
import { admissionChain } from '../../control-plane/admission/admission-chain.ts';
import type { AdmissionPlugin } from '../../control-plane/admission/admission-plugin.ts';
import { namespaceLifecycle } from '../../control-plane/admission/namespace-lifecycle.ts';
import { inProcessAuthenticator } from '../../control-plane/authentication/token-file.ts';
import { unionAuthenticator } from '../../control-plane/authentication/authenticator.ts';
import { createDiscoveryRoute } from '../../control-plane/apiserver/discovery/discovery-route.ts';
import { createOpenApiRoute } from '../../control-plane/apiserver/openapi/openapi-route.ts';
import { renderedOpenApi } from '../../control-plane/apiserver/openapi/rendered-openapi.ts';
import { type ApiServer, createApiServer } from '../../control-plane/apiserver/server.ts';
import { createMemoryStorage } from '../../control-plane/storage/memory-storage.ts';
import { parseFlags } from '../../node/cri/simulation/images/program-flags.ts';
import { serve, withIdentity } from '../../node/cri/simulation/images/web-server.ts';
import type { ProcessContext } from '../../node/cri/simulation/process-context.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { inClusterClient } from '../in-cluster-client.ts';
import { delegatedAccess } from './delegated-access.ts';
import { type Fischer, wardleDocumentation, wardleResources, wardleSchemas, wardleTypes } from './wardle-api.ts';

const fischersResource: GroupVersionResource = {
  group: 'wardle.example.com',
  version: 'v1alpha1',
  resource: 'fischers',
};

/** What the program takes from where it runs besides what a process sees. */
export interface SampleApiServerOptions {
  readonly random: Random;
  readonly log: Logger;
}

/**
 * The program of the image `sample-apiserver`: the API server of the group wardle.example.com, for an APIService to
 * bring into the cluster's API. What is written to it stays in memory, whatever `--etcd-servers` names.
 */
export function sampleApiServer(options: SampleApiServerOptions): (context: ProcessContext) => Promise<number> {
  return async (context) => {
    const flags = parseFlags(context.args.slice(1));
    try {
      const running = await startServer(context, options);
      const port = Number(flags.get('secure-port') ?? 443);
      const served = {
        handle: running.server.handle,
        onFailure: (error: unknown) => options.log.warn('the sample API server failed', { error: messageOf(error) }),
      };
      const code = await withIdentity(context, flags, async (identity) => {
        await context.stderr.write(Buffer.from(`Serving securely on [::]:${port}\n`));
        const shown = { ...identity, requestsCertificate: true };
        return serve(context, port, (request, response) => serveRequest(served, request, response), shown);
      });
      await running.stop();
      return code;
    } catch (error) {
      await context.stderr.write(Buffer.from(`Error: ${messageOf(error)}\n`));
      return 1;
    }
  };
}

interface RunningServer {
  readonly server: ApiServer;
  stop(): Promise<void>;
}

async function startServer(context: ProcessContext, { random, log }: SampleApiServerOptions): Promise<RunningServer> {
  const { clock } = context;
  const cluster = inClusterClient(context, 'sample-apiserver');
  const access = await delegatedAccess({ client: cluster, clock, random });
  const ownToken = `${random.uuid()}${random.uuid()}`;
  let handle: ApiServer['handle'] | undefined;
  const own = createClient({
    transport: createInProcessTransport((request) => {
      if (handle === undefined) throw new Error('the sample API server is not there yet');
      return handle(request);
    }),
    authorization: () => Promise.resolve(`Bearer ${ownToken}`),
    userAgent: 'sample-apiserver',
    clock,
  });
  const informers = createInformerFactory({ client: cluster, clock, random, log });
  const ownInformers = createInformerFactory({ client: own, clock, random, log });
  const informer = <T extends KubeObject>(gvr: GroupVersionResource): Informer<T> => informers.informer<T>(gvr);
  const storage = createMemoryStorage({ clock });
  const input = {
    resources: wardleResources,
    types: wardleTypes(),
    documentation: wardleDocumentation,
    title: 'Wardle',
    version: '0.1',
  };
  const hashOf = (_: string, bytes: () => Uint8Array): string =>
    createHash('sha512').update(bytes()).digest('hex').toUpperCase();
  const server = createApiServer({
    storage,
    resources: wardleResources,
    types: wardleSchemas,
    // Nobody has given numbers to the fields of these types.
    hasProtobuf: false,
    authenticator: unionAuthenticator([
      inProcessAuthenticator(ownToken, {
        username: 'system:apiserver',
        uid: random.uuid(),
        groups: ['system:authenticated', 'system:masters'],
        extra: {},
      }),
      { name: 'delegated', authenticate: (request, note) => access.authenticator.authenticate(request, note) },
    ]),
    authorizer: access.authorizer,
    admission: admissionChain([
      namespaceLifecycle({ client: cluster, informer }),
      banFlunder(ownInformers.informer<Fischer>(fischersResource)),
    ]),
    routes: [
      createDiscoveryRoute({ serverAddress: () => `${context.podIp}:443` }),
      createOpenApiRoute(renderedOpenApi(input, hashOf)),
    ],
    clock,
    random,
    log,
  });
  handle = server.handle;
  for (const each of [informers, ownInformers]) each.start();
  await ownInformers.waitForSync();
  return {
    server,
    async stop() {
      await Promise.all([informers.stop(), ownInformers.stop()]);
      await server.close();
      await storage.close();
      await cluster.close();
    },
  };
}

/** Flunders do not have the names that fischers forbid. */
function banFlunder(fischers: Informer<Fischer>): AdmissionPlugin {
  return {
    name: 'BanFlunder',
    admit({ operation, kind, resource, name }) {
      if (operation !== 'CREATE' || kind.group !== fischersResource.group || kind.kind !== 'Flunder') return;
      const isBanned = fischers.list().some(({ disallowedFlunders = [] }) => disallowedFlunders.includes(name));
      if (isBanned) throw forbidden(resource, name, 'this name may not be used, please change the resource name');
    },
  };
}
