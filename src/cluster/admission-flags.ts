import { resolve } from 'node:path';
import { aggregateMessages } from '../apimachinery/field-error.ts';
import {
  admissionPluginNamesWith,
  defaultAdmissionPlugins,
  type PluginSelection,
} from '../control-plane/admission/admission-chain.ts';
import type { AdmissionContext, AdmissionPlugin } from '../control-plane/admission/admission-plugin.ts';
import {
  type PluginConfiguration,
  pluginConfigurationError,
  readAdmissionConfiguration,
} from '../control-plane/admission/configuration/admission-configuration.ts';
import { readImagePolicyConfiguration } from '../control-plane/admission/configuration/image-policy-configuration.ts';
import { ConfigurationError } from '../apimachinery/decoding/configuration-file.ts';
import { readWebhookConfiguration } from '../control-plane/admission/configuration/webhook-admission-configuration.ts';
import type { WebhookClient, WebhookClientOptions } from '../client/webhook-client.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Random } from '../system/random.ts';
import { featureGatesOf } from './feature-gates.ts';
import { ComponentArgumentError, type ComponentArguments, integerArgument } from './component-arguments.ts';
import { openWebhook, type WebhookClientOptions as ReviewWebhookOptions } from './webhook-client.ts';
import { identifiedWebhooks, type IdentifiedWebhookOptions } from './webhook-identities.ts';

const imagePlugin = 'ImagePolicyWebhook';
const webhookPlugins = ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'] as const;
const enableFlag = 'enable-admission-plugins';
const disableFlag = 'disable-admission-plugins';
/** The flag of old: names everything that runs. */
const allFlag = 'admission-control';

/** What plugins are set up from. */
export interface AdmissionSetup {
  readonly files: FileSystem;
  readonly context: AdmissionContext;
  readonly random: Random;
  /** How webhooks are called. */
  readonly webhooks: WebhookClientOptions;
  /** Plugins that run beside the default ones, unless a flag turns them off. */
  readonly alsoOn?: readonly string[];
}

/**
 * The admission plugins that the flags of the API server choose and configure.
 * @throws ComponentArgumentError
 */
export async function admissionPluginsOf(
  flags: ComponentArguments,
  { files, context, random, webhooks, alsoOn = [] }: AdmissionSetup,
): Promise<{ readonly plugins: readonly AdmissionPlugin[]; readonly close: () => Promise<void> }> {
  const selection = admissionPluginSelection(flags, alsoOn);
  const { clock } = context;
  try {
    const configurations = await pluginConfigurations(flags.get('admission-control-config-file') ?? '', files);
    const reviews = await imageReviewsOf(selection, configurations.get(imagePlugin), { files, random, clock });
    const clients = new Map<string, WebhookClient>();
    for (const plugin of webhookPlugins) {
      if (selection.disable?.includes(plugin) === true) continue;
      const client = await webhookClientOf(plugin, configurations.get(plugin), { files, clock, webhooks });
      if (client !== undefined) clients.set(plugin, client);
    }
    const plugins = defaultAdmissionPlugins(context, random, {
      ...selection,
      configurations,
      ...(reviews === undefined ? {} : { imageReviews: reviews }),
      webhookCalls: new Map(Array.from(clients, ([plugin, { call }]) => [plugin, call])),
      initializers: featureGatesOf(flags).Initializers,
      tolerationSeconds: {
        notReady: integerArgument(flags, 'default-not-ready-toleration-seconds', 300),
        unreachable: integerArgument(flags, 'default-unreachable-toleration-seconds', 300),
      },
    });
    const close = async (): Promise<void> => {
      await reviews?.close();
      await Promise.all(Array.from(clients.values(), (client) => client.close()));
    };
    return { plugins, close };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ComponentArgumentError(`failed to apply admission: ${error.message}`);
  }
}

/** Calls webhooks as the users of the kubeconfig file that a plugin's configuration names. @throws ConfigurationError */
async function webhookClientOf(
  plugin: string,
  configuration: string | undefined,
  world: Pick<IdentifiedWebhookOptions, 'files' | 'clock' | 'webhooks'>,
): Promise<WebhookClient | undefined> {
  try {
    const kubeConfigFile = readWebhookConfiguration(configuration);
    return kubeConfigFile === '' ? undefined : await identifiedWebhooks({ ...world, kubeConfigFile });
  } catch (error) {
    throw pluginConfigurationError(plugin, error);
  }
}

/** Opens the server that ImagePolicyWebhook asks, where that plugin runs. @throws ConfigurationError */
async function imageReviewsOf(
  { enable = [] }: PluginSelection,
  configuration: string | undefined,
  world: Pick<ReviewWebhookOptions, 'files' | 'random' | 'clock'>,
): Promise<Awaited<ReturnType<typeof openWebhook>> | undefined> {
  if (!enable.includes(imagePlugin)) return undefined;
  try {
    const { kubeConfigFile, retryMillis } = readImagePolicyConfiguration(configuration);
    if (kubeConfigFile === '') {
      const why = 'no configuration has been provided, try setting KUBERNETES_MASTER environment variable';
      throw new ConfigurationError(`invalid configuration: ${why}`);
    }
    return await openWebhook({ ...world, kubeconfig: kubeConfigFile, retryMillis, timeoutMillis: 30_000 });
  } catch (error) {
    throw pluginConfigurationError(imagePlugin, error);
  }
}

/** What the configuration file says to plugins, by their names; the first of a name counts. */
async function pluginConfigurations(file: string, files: FileSystem): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  if (file === '') return texts;
  for (const { name, text, path } of await readPlugins(file, files)) {
    if (texts.has(name)) continue;
    if (text !== undefined) texts.set(name, text);
    else if (path !== undefined) {
      const describe = (reason: string): string => `Couldn't open admission plugin configuration ${path}: ${reason}`;
      texts.set(name, await readText(files, path, describe));
    }
  }
  return texts;
}

/** What a configuration file names. @throws ConfigurationError */
async function readPlugins(file: string, files: FileSystem): Promise<readonly PluginConfiguration[]> {
  try {
    const text = await readText(files, file, (reason) => {
      return `unable to read admission control configuration from "${file}" [${reason}]`;
    });
    return readAdmissionConfiguration(text, resolve(file));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`failed to read plugin config: ${error.message}`);
  }
}

async function readText(files: FileSystem, path: string, describe: (reason: string) => string): Promise<string> {
  try {
    return Buffer.from(await files.readFile(path)).toString('utf8');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EISDIR') throw new ConfigurationError(describe(`read ${path}: is a directory`));
    throw new ConfigurationError(
      describe(`open ${path}: ${code === 'ENOENT' ? 'no such file or directory' : String(error)}`),
    );
  }
}

/**
 * Which plugins the flags of the API server choose.
 * @param alsoOn plugins that are on beside the default ones, where no flag says otherwise
 * @throws ComponentArgumentError for names that are none, and for what contradicts itself
 */
export function admissionPluginSelection(flags: ComponentArguments, alsoOn: readonly string[] = []): PluginSelection {
  const all = namesOf(flags, allFlag);
  const enable = namesOf(flags, enableFlag);
  const disable = namesOf(flags, disableFlag);
  const known = admissionPluginNamesWith(featureGatesOf(flags).Initializers);
  const errors: string[] = [];
  if (all !== undefined && (enable ?? disable) !== undefined) {
    errors.push(`${allFlag} and ${enableFlag}/${disableFlag} flags are mutually exclusive`);
  }
  errors.push(
    ...unknownNames(known, allFlag, all),
    ...unknownNames(known, enableFlag, enable),
    ...unknownNames(known, disableFlag, disable),
  );
  const both = new Set(enable?.filter((name) => disable?.includes(name)).toSorted());
  if (both.size > 0) errors.push(`[${[...both].join(' ')}] in ${enableFlag} and ${disableFlag} overlapped`);
  if (errors.length > 0) throw new ComponentArgumentError(aggregateMessages(errors));
  if (all === undefined) {
    const also = alsoOn.filter((name) => disable?.includes(name) !== true);
    return { enable: [...also, ...(enable ?? [])], disable: disable ?? [] };
  }
  return { enable: all, disable: known.filter((name) => !all.includes(name)) };
}

function namesOf(flags: ComponentArguments, flag: string): string[] | undefined {
  return flags
    .get(flag)
    ?.split(',')
    .filter((name) => name !== '');
}

function unknownNames(known: readonly string[], flag: string, names: readonly string[] = []): string[] {
  return names.filter((name) => !known.includes(name)).map((name) => `${flag} plugin "${name}" is unknown`);
}
