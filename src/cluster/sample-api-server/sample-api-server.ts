import type { GroupVersionResource } from '../../apimachinery/gvk.ts';
import type { KubeObject } from '../../apimachinery/object-meta.ts';
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
import { type ApiServer, createApiServer } from '../../control-plane/apiserver/server.ts';
import { createMemoryStorage } from '../../control-plane/storage/memory-storage.ts';
import { withIdentity } from '../../node/cri/simulation/images/web-server.ts';
import type { ProcessContext, Program } from '../../node/cri/simulation/process-context.ts';
import type { Logger } from '../../system/logger.ts';
import type { Random } from '../../system/random.ts';
import { delegatedAccess } from '../extension-server/delegated-access.ts';
import {
  type ExtensionProgram,
  extensionProgram,
  extensionRoutes,
  type OnEnd,
} from '../extension-server/extension-program.ts';
import { inClusterClient } from '../in-cluster-client.ts';
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
export function sampleApiServer(options: SampleApiServerOptions): Program {
  const start: ExtensionProgram['start'] = (context, _, onEnd) => startServer(context, options, onEnd);
  return extensionProgram({ name: 'the sample API server', log: options.log, start, withIdentity });
}

async function startServer(
  context: ProcessContext,
  { random, log }: SampleApiServerOptions,
  onEnd: OnEnd,
): Promise<ApiServer> {
  const { clock } = context;
  const cluster = inClusterClient(context, 'sample-apiserver');
  onEnd(() => cluster.close());
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
  onEnd(() => storage.close());
  const api = {
    resources: wardleResources,
    types: wardleTypes(),
    documentation: wardleDocumentation,
    title: 'Wardle',
    version: '0.1',
  };
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
    routes: extensionRoutes(api, context),
    clock,
    random,
    log,
  });
  handle = server.handle;
  onEnd(() => server.close());
  for (const each of [informers, ownInformers]) {
    onEnd(() => each.stop());
    each.start();
  }
  await ownInformers.waitForSync(context.signal);
  return server;
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
