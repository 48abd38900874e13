import { formatDuration } from '../../../apimachinery/duration.ts';
import { parseYamlDocuments, YamlError } from '../../../apimachinery/yaml.ts';
import {
  ConfigurationError,
  configurationField as field,
  decodeFields,
} from '../../../apimachinery/decoding/configuration-file.ts';

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
  const { kubeConfigFile = '', defaultAllow = false, retryBackoff, allowTTL, denyTTL } = policyOf(text);
  const cached = { scale: 1000, min: 1000, max: 30 * minute };
  return {
    kubeConfigFile,
    retryMillis: durationOf(retryBackoff, { scale: 1, min: 1e-6, max: 5 * minute, usual: 500 }),
    allowMillis: durationOf(allowTTL, { ...cached, usual: 5 * minute }),
    denyMillis: durationOf(denyTTL, { ...cached, usual: 30_000 }),
    defaultAllow,
  };
}

interface PolicyFields {
  readonly kubeConfigFile?: string;
  readonly retryBackoff?: number;
  readonly allowTTL?: number;
  readonly denyTTL?: number;
  readonly defaultAllow?: boolean;
}

const file = {
  root: 'imagepolicy.AdmissionConfig',
  types: {
    'imagepolicy.AdmissionConfig': { imagePolicy: field.of('imagepolicy.imagePolicyWebhookConfig') },
    'imagepolicy.imagePolicyWebhookConfig': {
      kubeConfigFile: field.text,
      retryBackoff: field.int64,
      allowTTL: field.int64,
      denyTTL: field.int64,
      defaultAllow: field.flag,
    },
  },
};

function policyOf(text: string): PolicyFields {
  try {
    const [first] = parseYamlDocuments(text);
    const { imagePolicy = {} }: { readonly imagePolicy?: PolicyFields } = decodeFields(first?.value ?? {}, file).object;
    return imagePolicy;
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
function durationOf(value = 0, { scale, min, max, usual }: DurationLimits): number {
  if (value === -1) return 0;
  if (value === 0) return usual;
  const millis = value * scale;
  if (millis >= min && millis <= max) return millis;
  const [least, most, given] = [min, max, millis].map((time) => formatDuration(time));
  throw new ConfigurationError(`valid value is between ${least} and ${most}, got ${given}`);
}
