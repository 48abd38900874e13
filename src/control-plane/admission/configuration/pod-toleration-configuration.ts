import { validateTolerations } from '../../../api/core/v1/pod-scheduling-validation.ts';
import type { Toleration } from '../../../api/types/core-v1.ts';
import { FieldPath, formatFieldError } from '../../../apimachinery/field-error.ts';
import {
  ConfigurationError,
  type ConfigurationFormat,
  type ConfigurationObject,
  readConfiguration,
} from './configuration-reader.ts';

/** Tolerations for the pods of namespaces that say nothing of them. */
export interface PodTolerationConfiguration {
  readonly default: readonly Toleration[];
  readonly whitelist: readonly Toleration[];
}

const format: ConfigurationFormat = {
  kinds: [{ apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
  scheme: 'pkg/admission/podtolerationrestriction/config.go:32',
  isStrict: false,
};

/** Reads the configuration of PodTolerationRestriction. @throws ConfigurationError */
export function readPodTolerationConfiguration(text: string | undefined): PodTolerationConfiguration {
  if (text === undefined) return { default: [], whitelist: [] };
  const configuration = readConfiguration(text, format, (document) => ({
    default: (document.objects('default', 'v1.Toleration') ?? []).map(readToleration),
    whitelist: (document.objects('whitelist', 'v1.Toleration') ?? []).map(readToleration),
  }));
  const path = new FieldPath('podtolerationrestriction');
  const errors = (['default', 'whitelist'] as const).flatMap((list) =>
    validateTolerations(configuration[list], path.child(list)),
  );
  if (errors.length === 0) return configuration;
  throw new ConfigurationError(`invalid config: [${errors.map(formatFieldError).join(' ')}]`);
}

function readToleration(object: ConfigurationObject): Toleration {
  const toleration: Toleration = {};
  for (const field of ['key', 'operator', 'value', 'effect'] as const) {
    const text = object.text(field);
    if (text !== undefined) toleration[field] = text;
  }
  const seconds = object.integer('tolerationSeconds', 'int64');
  return seconds === undefined ? toleration : { ...toleration, tolerationSeconds: seconds };
}
