import type { ProcessContext, Program } from '../process-context.ts';
import { runAdmissionWebhook } from './admission-webhook.ts';
import { runConnect } from './connect.ts';
import { runConversionWebhook } from './conversion-webhook.ts';
import { runFakeRegistry } from './fake-registry.ts';
import { runGrpcHealthChecking } from './grpc-health-checking.ts';
import { runGuestbook } from './guestbook.ts';
import { runInClusterClient } from './in-cluster-client.ts';
import { runIssuerDiscovery } from './issuer-discovery.ts';
import { runLogsGenerator } from './logs-generator.ts';
import { runMountTest } from './mount-test.ts';
import { runNettest } from './nettest.ts';
import { runAgnhostPause } from './pause-programs.ts';
import { runDnsServerList, runDnsSuffix, runEtcHosts } from './resolver-programs.ts';
import { runPortForwardTester } from './port-forward-tester.ts';
import { runPorter } from './porter.ts';
import { runResourceConsumerController } from './resource-consumer.ts';
import { runLiveness, runNetexec, runServeHostname, runTestWebserver } from './web-programs.ts';

const subcommands: Readonly<Record<string, Program>> = {
  connect: runConnect,
  'crd-conversion-webhook': runConversionWebhook,
  'dns-server-list': runDnsServerList,
  'dns-suffix': runDnsSuffix,
  'entrypoint-tester': async (context) => {
    await context.stdout.write(Buffer.from(`[${context.args.join(' ')}]\n`));
    return 0;
  },
  'etc-hosts': runEtcHosts,
  'fake-registry-server': runFakeRegistry,
  'grpc-health-checking': runGrpcHealthChecking,
  guestbook: runGuestbook,
  inclusterclient: runInClusterClient,
  liveness: runLiveness,
  'logs-generator': runLogsGenerator,
  mounttest: runMountTest,
  netexec: runNetexec,
  nettest: runNettest,
  pause: runAgnhostPause,
  'port-forward-tester': runPortForwardTester,
  porter: runPorter,
  'resource-consumer-controller': runResourceConsumerController,
  'serve-hostname': runServeHostname,
  'test-service-account-issuer-discovery': runIssuerDiscovery,
  'test-webserver': runTestWebserver,
  webhook: runAdmissionWebhook,
};

/** Whether a subcommand of the image `agnhost` is built in. */
export function isAgnhostCommand(words: readonly string[]): boolean {
  return words[1] !== undefined && Object.hasOwn(subcommands, words[1]);
}

/** The program of the image `agnhost`, with the subcommands that do what they say here. */
export async function runAgnhost(context: ProcessContext): Promise<number> {
  const [self = '', name = '', ...args] = context.args;
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand !== undefined)
    return subcommand({ ...context, args: name === 'entrypoint-tester' ? [self, name, ...args] : [name, ...args] });
  await context.stderr.write(Buffer.from(`Error: unknown command ${JSON.stringify(name)} for "app"\n`));
  return 1;
}
