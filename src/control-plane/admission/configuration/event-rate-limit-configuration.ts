import { type FieldError, FieldPath, invalid, notSupported } from '../../../apimachinery/field-error.ts';
import {
  type ConfigurationFile,
  configurationField as field,
  decodeConfiguration,
} from '../../../apimachinery/decoding/configuration-file.ts';
import { refuseErrors } from './configuration-errors.ts';

const limitTypes = ['Namespace', 'Server', 'SourceAndObject', 'User'] as const;
/** What events share a limit. */
export type EventLimitType = (typeof limitTypes)[number];

/** How many events may come. */
export interface EventLimit {
  readonly type: EventLimitType;
  /** Events a second, over time. */
  readonly qps: number;
  /** Events at once. */
  readonly burst: number;
  /** How many buckets are remembered; 0 leaves it to the plugin. */
  readonly cacheSize: number;
}

const file: ConfigurationFile = {
  kinds: [{ apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
  scheme: 'pkg/admission/eventratelimit/config.go:31',
  root: 'v1alpha1.Configuration',
  types: {
    'v1alpha1.Configuration': { limits: field.listOf('v1alpha1.Limit') },
    'v1alpha1.Limit': { type: field.text, qps: field.int32, burst: field.int32, cacheSize: field.int32 },
  },
};

interface ReadLimit extends Omit<EventLimit, 'type'> {
  readonly type: string;
}

/**
 * Reads the limits; there must be one at least. Fields that there are not are passed over.
 * @throws ConfigurationError
 */
export function readEventRateLimitConfiguration(text: string | undefined): readonly EventLimit[] {
  const read: { readonly limits?: readonly Partial<ReadLimit>[] } =
    text === undefined ? {} : decodeConfiguration(text, file).object;
  const limits = read.limits?.map(({ type = '', qps = 0, burst = 0, cacheSize = 0 }) => ({
    type,
    qps,
    burst,
    cacheSize,
  }));
  refuseErrors(limitErrors(limits));
  return (limits ?? []) as readonly EventLimit[];
}

function limitErrors(limits: readonly ReadLimit[] | undefined): FieldError[] {
  const path = new FieldPath('limits');
  if (limits === undefined || limits.length === 0) return [invalid(path, limits ?? null, 'must not be empty')];
  return limits.flatMap(({ type, qps, burst, cacheSize }, index) => {
    const at = path.index(index);
    return [
      ...(limitTypes.some((known) => known === type) ? [] : [notSupported(at.child('type'), type, limitTypes)]),
      ...(burst > 0 ? [] : [invalid(at.child('burst'), burst, 'must be positive')]),
      ...(qps > 0 ? [] : [invalid(at.child('qps'), qps, 'must be positive')]),
      ...(type === 'Server' || cacheSize >= 0
        ? []
        : [invalid(at.child('cacheSize'), cacheSize, 'must not be negative')]),
    ];
  });
}
