import { isAbsolute } from 'node:path';
import { FieldPath, invalid } from '../../../apimachinery/field-error.ts';
import {
  ConfigurationError,
  type ConfigurationFormat,
  readConfiguration,
  refuseErrors,
} from './configuration-reader.ts';

const format: ConfigurationFormat = {
  kinds: [
    { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' },
    { apiVersion: 'apiserver.config.k8s.io/v1alpha1', kind: 'WebhookAdmission' },
  ],
  scheme: 'pkg/admission/plugin/webhook/config/kubeconfig.go:34',
  isStrict: true,
};

/** Reads what is configured for webhooks: nothing that this server could act on. @throws ConfigurationError */
export function checkWebhookConfiguration(text: string | undefined): void {
  if (text === undefined) return;
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
  for (const [field, value] of Object.entries({ kubeConfigFile, staticManifestsDir })) {
    if (value !== '') throw new ConfigurationError(`${field} is not supported by this server yet`);
  }
}
