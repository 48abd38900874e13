import { createHttpTransport, type HttpTransportOptions } from '../client/http-transport.ts';
import { createWebhookClient, type WebhookClient, type WebhookClientOptions } from '../client/webhook-client.ts';
import type { HttpRequest, HttpResponse, Transport } from '../apimachinery/http.ts';
import { noConnectionFlags, resolveClientConfig } from '../kubeconfig/client-config.ts';
import { connect } from '../kubeconfig/connect.ts';
import { type Kubeconfig, loadKubeconfig } from '../kubeconfig/kubeconfig.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';

/** What calls webhooks as the users of a kubeconfig file. */
export interface IdentifiedWebhookOptions {
  /** Whose users are named for servers: `HOST:PORT`, `*.DOMAIN:PORT`, or without the port where it is 443; `*` for all. */
  readonly kubeConfigFile: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  /** How webhooks are called else. */
  readonly webhooks: WebhookClientOptions;
}

type Send = (request: HttpRequest) => Promise<HttpResponse>;

/**
 * A client that is known to each webhook as the kubeconfig file says (kubeConfigFile of a WebhookAdmissionConfiguration).
 * @throws KubeconfigError for a file that cannot be read
 */
export async function identifiedWebhooks(options: IdentifiedWebhookOptions): Promise<WebhookClient> {
  const { kubeConfigFile, files, webhooks } = options;
  const places = { explicit: kubeConfigFile, environment: '', home: '/', cwd: process.cwd() };
  const kubeconfig = await loadKubeconfig(files, places);
  return createWebhookClient({
    ...webhooks,
    connect: (to, hostPort) => new IdentifiedTransport(options, kubeconfig, to, hostPort),
  });
}

/** One server, to which the credentials are put together with the first request. */
class IdentifiedTransport implements Transport {
  readonly #options: IdentifiedWebhookOptions;
  readonly #kubeconfig: Kubeconfig;
  readonly #to: HttpTransportOptions;
  readonly #hostPort: string;
  readonly #open: { close(): Promise<void> }[] = [];
  #send: Promise<Send> | undefined;

  constructor(options: IdentifiedWebhookOptions, kubeconfig: Kubeconfig, to: HttpTransportOptions, hostPort: string) {
    this.#options = options;
    this.#kubeconfig = kubeconfig;
    this.#to = to;
    this.#hostPort = hostPort;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.#send ??= this.#identify();
    let send: Send;
    try {
      send = await this.#send;
    } catch (error) {
      // A file that could not be read may be there the next time.
      this.#send = undefined;
      throw error;
    }
    return send(request);
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((one) => one.close()));
  }

  async #identify(): Promise<Send> {
    const { files, clock, webhooks } = this.#options;
    const { connect: open = createHttpTransport, userAgent } = webhooks;
    const user = userFor(this.#kubeconfig, this.#hostPort);
    if (user === undefined) return this.#through(open(this.#to, this.#hostPort));
    // Of the file only the user counts; where the server is says the webhook.
    const alone = { ...this.#kubeconfig, clusters: new Map(), contexts: new Map(), currentContext: '' };
    const flags = { ...noConnectionFlags, server: this.#to.server, user };
    const world = { files, env: {} };
    const config = await resolveClientConfig(alone, flags, { ...world, cwd: process.cwd() });
    const identity = {
      ...(config.clientCertificate === undefined ? {} : { clientCertificate: config.clientCertificate }),
      ...(config.clientKey === undefined ? {} : { clientKey: config.clientKey }),
    };
    const client = await connect(
      { ...config, ...this.#to },
      {
        ...world,
        clock,
        standardInput: () => 'no-terminal',
        userAgent,
        onWarning: () => undefined,
        // Plugins may give certificates, which their own connections are made with.
        ...(config.exec === undefined ? { transport: open({ ...this.#to, ...identity }, this.#hostPort) } : {}),
      },
    );
    this.#open.push(client);
    return (request) => client.forward(request);
  }

  #through(transport: Transport): Send {
    this.#open.push(transport);
    return (request) => transport.send(request);
  }
}

/** The user that a kubeconfig has for a server; undefined for nobody in particular. */
export function userFor({ users, contexts, currentContext }: Kubeconfig, hostPort: string): string | undefined {
  const own = [...namesOf(hostPort), ...(hostPort.endsWith(':443') ? namesOf(hostPort.slice(0, -4)) : []), '*'];
  const found = own.find((name) => users.has(name));
  if (found !== undefined) return found;
  const current = contexts.get(currentContext)?.value['user'];
  return typeof current === 'string' && users.has(current) ? current : undefined;
}

/** `a.b.c`, `*.b.c`, `*.c`. */
function namesOf(host: string): string[] {
  const parts = host.split('.');
  return [host, ...parts.slice(1).map((_, index) => `*.${parts.slice(index + 1).join('.')}`)];
}
