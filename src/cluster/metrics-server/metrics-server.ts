import type { Node, Pod } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { matchesLabels } from '../../apimachinery/labels.ts';
import { createInformerFactory } from '../../client/informer-factory.ts';
import { everyHealthEndpoint, type HealthCheck } from '../../control-plane/apiserver/health.ts';
import { type ApiServer, createApiServer } from '../../control-plane/apiserver/server.ts';
import { createMemoryStorage } from '../../control-plane/storage/memory-storage.ts';
import { inClusterConfig } from '../../node/cri/simulation/images/in-cluster-api.ts';
import { withIdentity } from '../../node/cri/simulation/images/web-server.ts';
import { ask } from '../../node/cri/simulation/http-request.ts';
import { MemoryFiles } from '../../node/cri/simulation/memory-files.ts';
import type { ProcessContext, Program } from '../../node/cri/simulation/process-context.ts';
import { createCertificateAuthority, issueCertificate } from '../../pki/certificates.ts';
import { sleep } from '../../system/clock.ts';
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
import { metricsDocumentation, metricsResources, metricsSchemas, metricsTypes } from './metrics-api.ts';
import { metricsEndpoints } from './metrics-endpoints.ts';
import { type MetricsServerSettings, metricsServerSettings } from './metrics-server-flags.ts';
import { type NodeReading, readResourceMetrics } from './read-resource-metrics.ts';
import { UsageWindows } from './usage-windows.ts';

/** What the program takes from where it runs besides what a process sees. */
export interface MetricsServerOptions {
  readonly random: Random;
  readonly log: Logger;
}

/** What a look at a node takes of a processor. */
const secondsOfALook = 0.002;
/** What the server has in memory beside a small process. */
const ownBytes = 24 << 20;

/**
 * The program of the image `metrics-server`: asks the kubelets what is used (`/metrics/resource`) and serves it as
 * metrics.k8s.io/v1beta1, for an APIService to bring into the cluster's API, with the flags of the real one.
 */
export function metricsServer(options: MetricsServerOptions): Program {
  return extensionProgram({
    name: 'metrics-server',
    log: options.log,
    start: (context, flags, onEnd) => startServer(context, metricsServerSettings(flags), options, onEnd),
    withIdentity: showIdentity,
  });
}

/** A certificate of its own when none is given. */
const showIdentity: ExtensionProgram['withIdentity'] = async (context, flags, run) => {
  if (flags.has('tls-cert-file')) return withIdentity(context, flags, run);
  const now = context.clock.now();
  const authority = await createCertificateAuthority(`localhost-ca@${Math.floor(now / 1000)}`, now);
  const subject = { commonName: `localhost@${Math.floor(now / 1000)}` };
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  return run(await issueCertificate(authority, { subject, usage: 'server', ...names, now }));
};

async function startServer(
  context: ProcessContext,
  settings: MetricsServerSettings,
  { random, log }: MetricsServerOptions,
  onEnd: OnEnd,
): Promise<ApiServer> {
  const { clock } = context;
  const cluster = inClusterClient(context, 'metrics-server');
  onEnd(() => cluster.close());
  const access = await delegatedAccess({ client: cluster, clock, random });
  const informers = createInformerFactory({ client: cluster, clock, random, log });
  const nodes = informers.informer<Node>({ group: '', version: 'v1', resource: 'nodes' });
  const pods = informers.informer<Pod>({ group: '', version: 'v1', resource: 'pods' });
  const windows = new UsageWindows(settings.resolutionMillis);
  const looks = new Looks(context, settings, () => nodes.list(), windows);
  const storage = createMemoryStorage({ clock });
  onEnd(() => storage.close());
  const api = {
    resources: metricsResources,
    types: metricsTypes(),
    documentation: metricsDocumentation,
    title: 'Kubernetes metrics-server',
    version: 'v0.8.0',
  };
  const server = createApiServer({
    storage,
    resources: metricsResources,
    types: metricsSchemas,
    // Nobody has given numbers to the fields of these types.
    hasProtobuf: false,
    authenticator: { authenticate: (request, note) => access.authenticator.authenticate(request, note) },
    authorizer: access.authorizer,
    specialEndpoints: metricsEndpoints({
      windows,
      nodes,
      pods,
      nodeSelector: settings.nodeSelector,
      now: () => clock.now(),
    }),
    healthChecks: healthChecks(windows, looks, () => nodes.hasSynced() && pods.hasSynced()),
    routes: extensionRoutes(api, context),
    clock,
    random,
    log,
  });
  onEnd(() => server.close());
  onEnd(() => informers.stop());
  informers.start();
  await informers.waitForSync(context.signal);
  onEnd(context.usage.take(ownBytes));
  const looking = looks.run();
  onEnd(() => looking);
  return server;
}

function healthChecks(windows: UsageWindows, looks: Looks, hasSynced: () => boolean): HealthCheck[] {
  return [
    {
      name: 'metric-storage-ready',
      endpoints: ['readyz'],
      check() {
        if (!windows.isReady) throw new Error('no metrics to serve');
      },
    },
    {
      name: 'metric-informer-sync',
      endpoints: ['readyz'],
      check() {
        if (!hasSynced()) throw new Error('cache for node informer has not synced');
      },
    },
    {
      name: 'metric-collection-timely',
      endpoints: ['livez'],
      check() {
        if (!looks.areTimely) throw new Error("metric collection didn't finish on time");
      },
    },
    {
      name: 'metadata-informer-sync',
      endpoints: everyHealthEndpoint,
      check() {
        if (!hasSynced()) throw new Error('cache for pod informer has not synced');
      },
    },
  ];
}

/** Asks all kubelets again and again. */
class Looks {
  readonly #context: ProcessContext;
  readonly #settings: MetricsServerSettings;
  readonly #nodes: () => readonly Node[];
  readonly #windows: UsageWindows;
  #begunAt: number;

  constructor(
    context: ProcessContext,
    settings: MetricsServerSettings,
    nodes: () => readonly Node[],
    windows: UsageWindows,
  ) {
    this.#context = context;
    this.#settings = settings;
    this.#nodes = nodes;
    this.#windows = windows;
    this.#begunAt = context.clock.now();
  }

  /** Whether the last one is not long ago. */
  get areTimely(): boolean {
    return this.#context.clock.now() - this.#begunAt <= 1.5 * this.#settings.resolutionMillis;
  }

  /** Until the process ends. */
  async run(): Promise<void> {
    const { clock, signal } = this.#context;
    do {
      this.#begunAt = clock.now();
      await this.#look();
    } while (await sleep(clock, this.#begunAt + this.#settings.resolutionMillis - clock.now(), signal));
  }

  async #look(): Promise<void> {
    const chosen = this.#nodes().filter(({ metadata }) =>
      matchesLabels(this.#settings.nodeSelector, metadata.labels ?? {}),
    );
    const readings = await Promise.all(
      chosen.map(async (node): Promise<[string, NodeReading][]> => {
        const name = node.metadata.name ?? '';
        try {
          return [[name, await this.#ask(node)]];
        } catch (error) {
          const text = `"Failed to scrape node" err="${messageOf(error)}" node="${name}"\n`;
          await this.#context.stderr.write(Buffer.from(text));
          return [];
        }
      }),
    );
    this.#windows.add(new Map(readings.flat()));
  }

  /** @throws Error when it does not answer as it should */
  async #ask({ metadata, status }: Node): Promise<NodeReading> {
    const { usesNodeStatusPort, kubeletPort, addressTypes, kubeletTimeoutSeconds, trustsAnyKubelet } = this.#settings;
    const addresses = status?.addresses ?? [];
    const address = addressTypes
      .map((type) => addresses.find((one) => one.type === type)?.address)
      .find((found) => found !== undefined);
    if (address === undefined) throw new Error(`no address matched types ${JSON.stringify(addressTypes)}`);
    const told = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
    const port = usesNodeStatusPort && told !== 0 ? told : kubeletPort;
    const path = metadata.annotations?.['metrics.k8s.io/resource-metrics-path'] ?? '/metrics/resource';
    const host = address.includes(':') ? `[${address}]` : address;
    this.#context.usage.spend(secondsOfALook);
    const { token, authority } = inClusterConfig(this.#context);
    const { status: code, body } = await ask(this.#context, {
      url: `https://${host}:${port}${path}`,
      method: 'GET',
      body: undefined,
      headers: { authorization: `Bearer ${token}` },
      timeoutSeconds: kubeletTimeoutSeconds,
      ...(trustsAnyKubelet ? {} : { authority: this.#authority() ?? authority }),
    });
    if (code !== 200) throw new Error(`request failed, status: "${code}"`);
    return readResourceMetrics(body.toString('utf8'), this.#context.clock.now());
  }

  #authority(): string | undefined {
    const { kubeletAuthority } = this.#settings;
    if (kubeletAuthority === undefined) return undefined;
    const { files, workingFolder } = this.#context;
    return Buffer.from(files.readFile(MemoryFiles.absolute(kubeletAuthority, workingFolder))).toString('utf8');
  }
}
