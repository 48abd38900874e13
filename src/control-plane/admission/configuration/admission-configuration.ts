import { isAbsolute, resolve } from 'node:path';
import { messageOf } from '../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { stringifyJson } from '../../../apimachinery/json-codec.ts';
import { parseYaml } from '../../../apimachinery/yaml.ts';
import {
  ConfigurationError,
  type ConfigurationFile,
  configurationField as field,
  MissingKindError,
  readConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { InitializationError } from './configuration-errors.ts';

/** Where the configuration of a plugin is: here, or in another file. */
export interface PluginConfiguration {
  readonly name: string;
  /** JSON. */
  readonly text?: string;
  /** Absolute. */
  readonly path?: string;
}

const file: ConfigurationFile = {
  kinds: [
    { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration' },
    { apiVersion: 'apiserver.k8s.io/v1alpha1', kind: 'AdmissionConfiguration' },
  ],
  scheme: 'pkg/server/options/admission.go:51',
  root: 'v1.AdmissionConfiguration',
  types: {
    'v1.AdmissionConfiguration': { plugins: field.listOf('v1.AdmissionPluginConfiguration') },
    'v1.AdmissionPluginConfiguration': { name: field.text, path: field.text, configuration: field.any },
  },
};

interface PluginFields {
  readonly name?: string;
  readonly path?: string;
  readonly configuration?: JsonValue;
}

/** Plugins whose own configuration was once the whole file, and what that had in it. */
const formerFiles = { ImagePolicyWebhook: 'imagePolicy', PodNodeSelector: 'podNodeSelectorPluginConfig' } as const;

/**
 * Reads the file of --admission-control-config-file.
 * @param path absolute; what the file names is found from its folder
 * @throws ConfigurationError
 */
export function readAdmissionConfiguration(text: string, path: string): readonly PluginConfiguration[] {
  try {
    const { plugins = [] }: { readonly plugins?: readonly PluginFields[] } = readConfiguration(text, file);
    return plugins.map((plugin) => readPlugin(plugin, path));
  } catch (error) {
    if (!(error instanceof MissingKindError) || !isFormerFile(text)) throw error;
    return Object.keys(formerFiles).map((name) => ({ name, path }));
  }
}

function readPlugin({ name = '', path = '', configuration }: PluginFields, within: string): PluginConfiguration {
  if (configuration !== undefined && configuration !== null) return { name, text: stringifyJson(configuration) };
  if (path === '') return { name };
  return { name, path: isAbsolute(path) ? path : resolve(within, '..', path) };
}

function isFormerFile(text: string): boolean {
  const value = parseYaml(text);
  return isJsonObject(value) && Object.values(formerFiles).some((field) => Object.hasOwn(value, field));
}

/** A configuration that a plugin cannot use. */
export function pluginConfigurationError(plugin: string, error: unknown): ConfigurationError {
  const message = messageOf(error);
  if (error instanceof InitializationError) {
    return new ConfigurationError(`failed to initialize admission plugin "${plugin}": ${message}`);
  }
  return new ConfigurationError(`couldn't init admission plugin "${plugin}": ${message}`);
}
