import { goQuote } from '../apimachinery/field-error.ts';
import { type AuditLogFormat, auditLogFormats } from '../control-plane/apiserver/audit/audit-log.ts';
import type { BatchOptions } from '../control-plane/apiserver/audit/buffered-backend.ts';
import type { TruncationLimits } from '../control-plane/apiserver/audit/truncating-backend.ts';
import type { RotationLimits } from '../system/rotating-file.ts';
import {
  booleanArgument,
  type ComponentArguments,
  durationArgument,
  integerArgument,
  numberArgument,
} from './component-arguments.ts';

const modes = ['batch', 'blocking', 'blocking-strict'] as const;

/** Whether requests wait until their events are kept, and are refused when they are not. */
type AuditMode = (typeof modes)[number];

/** What the flags say of one way to keep events. */
export interface AuditDelivery {
  readonly mode: AuditMode;
  readonly batch: BatchOptions;
  /** Undefined where events are kept as large as they are. */
  readonly truncation: TruncationLimits | undefined;
}

/** `--audit-log-*`. */
export interface AuditLogFlags {
  /** Empty without a log, `-` for standard output. */
  readonly path: string;
  readonly format: AuditLogFormat;
  readonly limits: RotationLimits;
  readonly delivery: AuditDelivery;
}

/** `--audit-webhook-*`. */
export interface AuditWebhookFlags {
  /** Empty without a webhook. */
  readonly configFile: string;
  readonly initialBackoffMillis: number;
  readonly delivery: AuditDelivery;
}

const bytesPerMegabyte = 1024 * 1024;
const wholeBuffer = { bufferSize: 10_000, qps: 10, burst: 15, maxWaitMillis: 30_000 };

/** Reads the flags of the log; what is wrong with them is added to `problems`. @throws ComponentArgumentError */
export function auditLogFlags(flags: ComponentArguments, problems: string[]): AuditLogFlags {
  const path = flags.get('audit-log-path') ?? '';
  const own: string[] = [];
  const delivery = deliveryOf(flags, 'log', own);
  checkVersion(flags, 'audit-log-version', own);
  const text = flags.get('audit-log-format') ?? 'json';
  const format = auditLogFormats.find((known) => known === text);
  if (format === undefined) {
    own.push(`invalid audit log format ${text}, allowed formats are ${goQuote(auditLogFormats.join(','))}`);
  }
  const limit = (name: string, byDefault: number): number => {
    const value = integerArgument(flags, name, byDefault);
    if (value < 0) own.push(`--${name} ${value} can't be a negative number`);
    return value;
  };
  const maxAgeDays = limit('audit-log-maxage', 366);
  const maxBackups = limit('audit-log-maxbackup', 100);
  const maxBytes = limit('audit-log-maxsize', 100) * bytesPerMegabyte;
  const isCompressed = booleanArgument(flags, 'audit-log-compress', false);
  // What is not used is not checked.
  if (path !== '') problems.push(...own);
  const limits = { maxAgeDays, maxBackups, maxBytes, isCompressed };
  return { path, format: format ?? 'json', limits, delivery };
}

/** Reads the flags of the webhook; what is wrong with them is added to `problems`. @throws ComponentArgumentError */
export function auditWebhookFlags(flags: ComponentArguments, problems: string[]): AuditWebhookFlags {
  const configFile = flags.get('audit-webhook-config-file') ?? '';
  const own: string[] = [];
  const delivery = deliveryOf(flags, 'webhook', own);
  checkVersion(flags, 'audit-webhook-version', own);
  if (configFile !== '') problems.push(...own);
  const former = durationArgument(flags, 'audit-webhook-batch-initial-backoff');
  const initialBackoffMillis = durationArgument(flags, 'audit-webhook-initial-backoff') ?? former ?? 10_000;
  return { configFile, initialBackoffMillis, delivery };
}

function checkVersion(flags: ComponentArguments, name: string, problems: string[]): void {
  const version = flags.get(name) ?? 'audit.k8s.io/v1';
  if (version === 'audit.k8s.io/v1') return;
  const isMalformed = version.split('/').length > 2;
  problems.push(
    isMalformed
      ? `unexpected GroupVersion string: ${version}`
      : 'invalid group version, allowed versions are ["audit.k8s.io/v1"]',
  );
}

/** Logs are written as requests come, and webhooks told in batches, where nobody says otherwise. */
function deliveryOf(flags: ComponentArguments, plugin: 'log' | 'webhook', problems: string[]): AuditDelivery {
  const isWebhook = plugin === 'webhook';
  const flag = (name: string): string => `audit-${plugin}-${name}`;
  const text = flags.get(flag('mode')) ?? (isWebhook ? 'batch' : 'blocking');
  const mode = modes.find((known) => known === text);
  const throttle = {
    qps: numberArgument(flags, flag('batch-throttle-qps'), isWebhook ? wholeBuffer.qps : 0),
    burst: integerArgument(flags, flag('batch-throttle-burst'), isWebhook ? wholeBuffer.burst : 0),
  };
  const batch: BatchOptions = {
    bufferSize: integerArgument(flags, flag('batch-buffer-size'), wholeBuffer.bufferSize),
    maxBatchSize: integerArgument(flags, flag('batch-max-size'), isWebhook ? 400 : 1),
    maxWaitMillis: durationArgument(flags, flag('batch-max-wait')) ?? (isWebhook ? wholeBuffer.maxWaitMillis : 0),
    ...(booleanArgument(flags, flag('batch-throttle-enable'), isWebhook) ? { throttle } : {}),
    isAsynchronous: isWebhook,
  };
  const problem = mode === undefined ? modeProblem(plugin, text) : batchProblem(plugin, mode, batch);
  if (problem !== undefined) problems.push(problem);
  const limits = {
    maxEventBytes: integerArgument(flags, flag('truncate-max-event-size'), 100 * 1024),
    maxBatchBytes: integerArgument(flags, flag('truncate-max-batch-size'), 10 * bytesPerMegabyte),
  };
  const wrongSize = sizeProblem(plugin, limits);
  if (wrongSize !== undefined) problems.push(wrongSize);
  const isTruncated = booleanArgument(flags, flag('truncate-enabled'), false);
  return { mode: mode ?? 'batch', batch, truncation: isTruncated ? limits : undefined };
}

function modeProblem(plugin: string, mode: string): string {
  return `invalid audit ${plugin} mode ${mode}, allowed modes are ${goQuote(modes.join(','))}`;
}

/** The first thing wrong with the numbers of a batch, where events go in batches. */
function batchProblem(plugin: string, mode: AuditMode, batch: BatchOptions): string | undefined {
  if (mode !== 'batch') return undefined;
  const numbers: readonly (readonly [string, number | undefined])[] = [
    ['buffer size', batch.bufferSize],
    ['max batch size', batch.maxBatchSize],
    ['throttle QPS', batch.throttle?.qps],
    ['throttle burst', batch.throttle?.burst],
  ];
  const wrong = numbers.find(([, value]) => value !== undefined && value <= 0);
  if (wrong === undefined) return undefined;
  return `invalid audit batch ${plugin} ${wrong[0]} ${String(wrong[1])}, must be a positive number`;
}

function sizeProblem(plugin: string, { maxEventBytes, maxBatchBytes }: TruncationLimits): string | undefined {
  const start = `invalid audit truncate ${plugin}`;
  if (maxEventBytes <= 0) return `${start} max event size ${maxEventBytes}, must be a positive number`;
  if (maxBatchBytes >= maxEventBytes) return undefined;
  return `${start} max batch size ${maxBatchBytes}, must be greater than max event size (${maxEventBytes})`;
}
