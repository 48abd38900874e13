import { formatDuration } from '../../../apimachinery/duration.ts';
import { isJsonObject } from '../../../apimachinery/json.ts';
import { parseYamlDocuments, YamlError } from '../../../apimachinery/yaml.ts';
import { ConfigurationError, ConfigurationObject } from './configuration-reader.ts';

/** How images are asked about. */
export interface ImagePolicyConfiguration {
  readonly kubeConfigFile: string;
  /** How long an answer is remembered, in milliseconds; 0 for not at all. */
  readonly allowMillis: number;
  readonly denyMillis: number;
  /** Until the first repetition of a question. */
  readonly retryMillis: number;
  /** Whether pods are let in when no answer comes. */
  readonly defaultAllow: boolean;
}

const minute = 60_000;

/** Reads the configuration of ImagePolicyWebhook, which has no kind. @throws ConfigurationError */
export function readImagePolicyConfiguration(text: string | undefined): ImagePolicyConfiguration {
  if (text === undefined) throw new ConfigurationError('no config specified');
  const policy = documentOf(text).object('imagePolicy', 'imagepolicy.imagePolicyWebhookConfig');
  const duration = (field: string, limits: DurationLimits): number =>
    durationOf(policy?.integer(field, 'time.Duration') ?? 0, limits);
  const cached = { scale: 1000, min: 1000, max: 30 * minute };
  return {
    kubeConfigFile: policy?.text('kubeConfigFile') ?? '',
    retryMillis: duration('retryBackoff', { scale: 1, min: 1e-6, max: 5 * minute, usual: 500 }),
    allowMillis: duration('allowTTL', { ...cached, usual: 5 * minute }),
    denyMillis: duration('denyTTL', { ...cached, usual: 30_000 }),
    defaultAllow: policy?.flag('defaultAllow') ?? false,
  };
}

function documentOf(text: string): ConfigurationObject {
  try {
    const [first] = parseYamlDocuments(text);
    const value = first?.value ?? {};
    if (isJsonObject(value))
      return new ConfigurationObject(value, { struct: 'AdmissionConfig', path: '', fields: '' }, []);
    throw new ConfigurationError('json: cannot unmarshal into Go value of type imagepolicy.AdmissionConfig');
  } catch (error) {
    if (error instanceof YamlError) throw new ConfigurationError(error.message);
    throw error;
  }
}

/** In milliseconds. */
interface DurationLimits {
  /** What one unit of the configuration is. */
  readonly scale: number;
  readonly min: number;
  readonly max: number;
  readonly usual: number;
}

/** 0 stands for the usual time, -1 for none. */
function durationOf(value: number, { scale, min, max, usual }: DurationLimits): number {
  if (value === -1) return 0;
  if (value === 0) return usual;
  const millis = value * scale;
  if (millis >= min && millis <= max) return millis;
  const [least, most, given] = [min, max, millis].map((time) => formatDuration(time));
  throw new ConfigurationError(`valid value is between ${least} and ${most}, got ${given}`);
}
