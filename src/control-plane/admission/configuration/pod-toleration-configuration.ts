import { validateTolerations } from '../../../api/core/v1/pod-scheduling-validation.ts';
import type { Toleration } from '../../../api/types/core-v1.ts';
import { FieldPath, formatFieldError } from '../../../apimachinery/field-error.ts';
import {
  ConfigurationError,
  type ConfigurationFile,
  configurationField as field,
  decodeConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';

/** Tolerations for the pods of namespaces that say nothing of them. */
export interface PodTolerationConfiguration {
  readonly default: readonly Toleration[];
  readonly whitelist: readonly Toleration[];
}

const file: ConfigurationFile = {
  kinds: [{ apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
  scheme: 'pkg/admission/podtolerationrestriction/config.go:32',
  root: 'v1alpha1.Configuration',
  types: {
    'v1alpha1.Configuration': { default: field.listOf('v1.Toleration'), whitelist: field.listOf('v1.Toleration') },
    'v1.Toleration': {
      key: field.text,
      operator: field.text,
      value: field.text,
      effect: field.text,
      tolerationSeconds: field.int64,
    },
  },
};

/** Reads the configuration of PodTolerationRestriction; fields that it does not have are passed over. @throws ConfigurationError */
export function readPodTolerationConfiguration(text: string | undefined): PodTolerationConfiguration {
  const read: Partial<PodTolerationConfiguration> = text === undefined ? {} : decodeConfiguration(text, file).object;
  const configuration = { default: read.default ?? [], whitelist: read.whitelist ?? [] };
  const path = new FieldPath('podtolerationrestriction');
  const errors = (['default', 'whitelist'] as const).flatMap((list) =>
    validateTolerations(configuration[list], path.child(list)),
  );
  if (errors.length === 0) return configuration;
  throw new ConfigurationError(`invalid config: [${errors.map(formatFieldError).join(' ')}]`);
}
