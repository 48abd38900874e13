import { messageOf } from '../apimachinery/error-message.ts';
import { reviewWebhook, type ReviewWebhook } from '../control-plane/authentication/review-webhook.ts';
import type { Client } from '../client/client.ts';
import { noConnectionFlags, resolveClientConfig } from '../kubeconfig/client-config.ts';
import { connect } from '../kubeconfig/connect.ts';
import { loadKubeconfig } from '../kubeconfig/kubeconfig.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Random } from '../system/random.ts';
import { ComponentArgumentError } from './component-arguments.ts';

export interface WebhookClientOptions {
  /** Whose current context names the server and how to be known to it. */
  readonly kubeconfig: string;
  /** How long one request may take. */
  readonly timeoutMillis: number;
  /** Until a question is asked again for the first time; half a second when absent. */
  readonly retryMillis?: number;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
}

/** The webhook of a kubeconfig file. @throws ComponentArgumentError */
export async function openWebhook(
  options: WebhookClientOptions,
): Promise<ReviewWebhook & { readonly close: () => Promise<void> }> {
  const { clock, random, retryMillis } = options;
  const { client, path } = await openWebhookServer(options);
  return {
    ...reviewWebhook({ client, path, clock, random, ...(retryMillis === undefined ? {} : { retryMillis }) }),
    close: () => client.close(),
  };
}

/**
 * A client of the server that a kubeconfig file names, and the path to post to: the server's URL is whole, with its own.
 * @throws ComponentArgumentError
 */
export async function openWebhookServer(
  options: Pick<WebhookClientOptions, 'files' | 'clock' | 'kubeconfig' | 'timeoutMillis'>,
): Promise<{ readonly client: Client; readonly path: string }> {
  const { files, clock, timeoutMillis } = options;
  const places = { explicit: options.kubeconfig, environment: '', home: '/', cwd: process.cwd() };
  const world = { files, env: process.env };
  const config = await loadKubeconfig(files, places)
    .then((kubeconfig) => resolveClientConfig(kubeconfig, noConnectionFlags, { ...world, cwd: places.cwd }))
    .catch((error: unknown) => {
      throw new ComponentArgumentError(messageOf(error));
    });
  const client = await connect(
    { ...config, timeoutMillis },
    {
      ...world,
      clock,
      standardInput: () => 'no-terminal',
      userAgent: 'kube-apiserver/v1.36.2',
      onWarning: () => undefined,
    },
  );
  // A path of the server's URL goes before that of the request.
  return { client, path: new URL(config.server).pathname === '/' ? '/' : '' };
}
