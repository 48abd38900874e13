import { messageOf } from '../apimachinery/error-message.ts';
import { aggregateMessages } from '../apimachinery/field-error.ts';
import {
  type AuditBackend,
  type AuditLossLog,
  ignoringFailures,
  sinkOf,
  unionBackend,
} from '../control-plane/apiserver/audit/audit-backend.ts';
import { auditLog } from '../control-plane/apiserver/audit/audit-log.ts';
import { type AuditPolicy, AuditPolicyError, parseAuditPolicy } from '../control-plane/apiserver/audit/audit-policy.ts';
import { auditWebhook } from '../control-plane/apiserver/audit/audit-webhook.ts';
import { bufferedBackend } from '../control-plane/apiserver/audit/buffered-backend.ts';
import { truncatingBackend } from '../control-plane/apiserver/audit/truncating-backend.ts';
import type { AuditOptions } from '../control-plane/apiserver/filters/audit.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import type { Random } from '../system/random.ts';
import { RotatingFile } from '../system/rotating-file.ts';
import {
  type AuditDelivery,
  type AuditLogFlags,
  auditLogFlags,
  type AuditWebhookFlags,
  auditWebhookFlags,
} from './audit-flags.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';
import { openWebhookServer } from './webhook-client.ts';

/** What auditing is set up from. */
export interface AuditSetup {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What is audited, and the end of it. */
export type RunningAudit = AuditOptions & {
  /** Keeps the events that wait, and ends. */
  readonly close: () => Promise<void>;
};

/** A webhook has as long for each list. */
const webhookMillis = 30_000;

/**
 * Reads kube-apiserver's `--audit-*` flags. Without a policy file, or without a log or a webhook, nothing is audited.
 * @throws ComponentArgumentError
 */
export async function auditSetup(setup: AuditSetup): Promise<RunningAudit | undefined> {
  const { arguments: flags, log } = setup;
  let countLoss: Parameters<NonNullable<AuditOptions['onLosses']>>[0] = () => undefined;
  const losses: AuditLossLog = {
    error: (message, fields) => log.error(message, fields),
    lost: (plugin, count) => countLoss(plugin, count),
  };
  const problems: string[] = [];
  const logFlags = auditLogFlags(flags, problems);
  const webhookFlags = auditWebhookFlags(flags, problems);
  if (problems.length > 0) throw new ComponentArgumentError(aggregateMessages(problems));
  const policyFile = flags.get('audit-policy-file') ?? '';
  const policy = policyFile === '' ? undefined : await readPolicy(setup, policyFile);
  const kinds = [
    ['log', logFlags.path !== ''],
    ['webhook', webhookFlags.configFile !== ''],
  ] as const;
  const wanted = kinds.filter(([, isWanted]) => isWanted);
  if (wanted.length === 0) return undefined;
  if (policy === undefined) {
    for (const [kind] of wanted) {
      log.info(`No audit policy file provided, no events will be recorded for ${kind} backend`);
    }
    return undefined;
  }
  const backends: AuditBackend[] = [];
  if (logFlags.path !== '')
    backends.push(delivered(logBackend(logFlags, setup, losses), logFlags.delivery, setup, losses));
  if (webhookFlags.configFile !== '') {
    backends.push(delivered(await webhookBackend(webhookFlags, setup, losses), webhookFlags.delivery, setup, losses));
  }
  const backend = unionBackend(backends);
  return {
    policy,
    sink: sinkOf(backend),
    onLosses: (listener) => (countLoss = listener),
    close: async () => backend.close?.(),
  };
}

/** A backend as its flags want it: first what is too large, then whether requests wait. */
function delivered(
  backend: AuditBackend,
  { mode, batch, truncation }: AuditDelivery,
  { clock }: AuditSetup,
  log: AuditLossLog,
): AuditBackend {
  const waiting =
    mode === 'batch'
      ? bufferedBackend(backend, batch, { clock, log })
      : mode === 'blocking'
        ? ignoringFailures(backend)
        : backend;
  return truncation === undefined ? waiting : truncatingBackend(waiting, truncation, log);
}

function logBackend({ path, format, limits }: AuditLogFlags, { clock }: AuditSetup, log: AuditLossLog): AuditBackend {
  if (path === '-') return auditLog((line) => process.stdout.write(line), format, log);
  const file = new RotatingFile(path, limits, clock);
  return {
    ...auditLog((line) => file.append(line), format, log),
    close: () => {
      file.close();
      return Promise.resolve();
    },
  };
}

async function webhookBackend(
  { configFile, initialBackoffMillis }: AuditWebhookFlags,
  { files, clock, random }: AuditSetup,
  log: AuditLossLog,
): Promise<AuditBackend> {
  try {
    const server = await openWebhookServer({ kubeconfig: configFile, timeoutMillis: webhookMillis, files, clock });
    return auditWebhook({ ...server, initialBackoffMillis, clock, random, log });
  } catch (error) {
    const why = messageOf(error);
    throw new ComponentArgumentError(`initializing audit webhook: ${why}`);
  }
}

async function readPolicy({ files, log }: AuditSetup, path: string): Promise<AuditPolicy> {
  let text: string;
  try {
    text = Buffer.from(await files.readFile(path)).toString('utf8');
  } catch (error) {
    throw new ComponentArgumentError(`loading audit policy file: failed to read file path "${path}": ${String(error)}`);
  }
  try {
    return parseAuditPolicy(text, (message) => log.warn(message));
  } catch (error) {
    if (!(error instanceof AuditPolicyError)) throw error;
    throw new ComponentArgumentError(`loading audit policy file: ${error.message}: from file ${path}`);
  }
}
