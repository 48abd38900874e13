import { isAbsolute } from 'node:path';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import {
  ConfigurationError,
  type ConfigurationFormat,
  readConfiguration,
  refuseErrors,
} from './configuration-reader.ts';

const format: ConfigurationFormat = {
  kinds: [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' }],
  scheme: 'pkg/admission/plugin/webhook/config/kubeconfig.go:34',
  isStrict: true,
};

/**
 * Reads what is configured for webhooks: the kubeconfig file with the users that they are called as; empty without one.
 * @throws ConfigurationError
 */
export function readWebhookConfiguration(text: string | undefined): string {
  if (text === undefined) return '';
  const { kubeConfigFile, staticManifestsDir } = readConfiguration(text, format, (document) => {
    document.expect('kubeConfigFile', 'staticManifestsDir');
    return {
      kubeConfigFile: document.text('kubeConfigFile') ?? '',
      staticManifestsDir: document.text('staticManifestsDir') ?? '',
    };
  });
  if (kubeConfigFile !== '' && !isAbsolute(kubeConfigFile)) {
    refuseErrors([invalid(new FieldPath('kubeConfigFile'), kubeConfigFile, 'must be an absolute file path')]);
  }
  if (staticManifestsDir !== '') throw new ConfigurationError('staticManifestsDir is not supported by this server yet');
  return kubeConfigFile;
}
