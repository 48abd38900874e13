import { type FieldError, FieldPath, invalid, notSupported } from '../../../apimachinery/field-error.ts';
import {
  type ConfigurationFormat,
  type ConfigurationObject,
  readConfiguration,
  refuseErrors,
} from './configuration-reader.ts';

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

const format: ConfigurationFormat = {
  kinds: [{ apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
  scheme: 'pkg/admission/eventratelimit/config.go:31',
  isStrict: false,
};

/** Reads the limits; there must be one at least. @throws ConfigurationError */
export function readEventRateLimitConfiguration(text: string | undefined): readonly EventLimit[] {
  const limits =
    text === undefined
      ? undefined
      : readConfiguration(text, format, (document) => document.objects('limits', 'v1alpha1.Limit')?.map(readLimit));
  refuseErrors(limitErrors(limits));
  return (limits ?? []) as readonly EventLimit[];
}

interface ReadLimit extends Omit<EventLimit, 'type'> {
  readonly type: string;
}

function readLimit(limit: ConfigurationObject): ReadLimit {
  return {
    type: limit.text('type') ?? '',
    qps: limit.integer('qps', 'int32') ?? 0,
    burst: limit.integer('burst', 'int32') ?? 0,
    cacheSize: limit.integer('cacheSize', 'int32') ?? 0,
  };
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
