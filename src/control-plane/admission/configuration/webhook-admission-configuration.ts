import { isAbsolute } from 'node:path';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import {
  ConfigurationError,
  type ConfigurationFile,
  configurationField as field,
  readConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { refuseErrors } from './configuration-errors.ts';

const file: ConfigurationFile = {
  kinds: [{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' }],
  scheme: 'pkg/admission/plugin/webhook/config/kubeconfig.go:34',
  root: 'v1.WebhookAdmissionConfiguration',
  types: { 'v1.WebhookAdmissionConfiguration': { kubeConfigFile: field.text, staticManifestsDir: field.text } },
};

interface WebhookFields {
  readonly kubeConfigFile?: string;
  readonly staticManifestsDir?: string;
}

/**
 * Reads what is configured for webhooks: the kubeconfig file with the users that they are called as; empty without one.
 * @throws ConfigurationError
 */
export function readWebhookConfiguration(text: string | undefined): string {
  if (text === undefined) return '';
  const { kubeConfigFile = '', staticManifestsDir = '' }: WebhookFields = readConfiguration(text, file);
  if (kubeConfigFile !== '' && !isAbsolute(kubeConfigFile)) {
    refuseErrors([invalid(new FieldPath('kubeConfigFile'), kubeConfigFile, 'must be an absolute file path')]);
  }
  if (staticManifestsDir !== '') throw new ConfigurationError('staticManifestsDir is not supported by this server yet');
  return kubeConfigFile;
}
