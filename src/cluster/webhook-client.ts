import { reviewWebhook, type ReviewWebhook } from '../control-plane/authentication/review-webhook.ts';
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

/** The webhook of a kubeconfig file; the server's URL is whole, with its path. @throws ComponentArgumentError */
export async function openWebhook(
  options: WebhookClientOptions,
): Promise<ReviewWebhook & { readonly close: () => Promise<void> }> {
  const { files, clock, random, timeoutMillis, retryMillis } = options;
  const places = { explicit: options.kubeconfig, environment: '', home: '/', cwd: process.cwd() };
  const world = { files, env: process.env };
  const config = await loadKubeconfig(files, places)
    .then((kubeconfig) => resolveClientConfig(kubeconfig, noConnectionFlags, { ...world, cwd: places.cwd }))
    .catch((error: unknown) => {
      throw new ComponentArgumentError(error instanceof Error ? error.message : String(error));
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
  const path = new URL(config.server).pathname === '/' ? '/' : '';
  return {
    ...reviewWebhook({ client, path, clock, random, ...(retryMillis === undefined ? {} : { retryMillis }) }),
    close: () => client.close(),
  };
}
