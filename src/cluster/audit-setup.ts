import { type AuditLogFormat, auditLog, auditLogFormats } from '../control-plane/apiserver/audit/audit-log.ts';
import { type AuditPolicy, AuditPolicyError, parseAuditPolicy } from '../control-plane/apiserver/audit/audit-policy.ts';
import type { AuditOptions } from '../control-plane/apiserver/filters/audit.ts';
import type { Clock } from '../system/clock.ts';
import type { FileSystem } from '../system/file-system.ts';
import type { Logger } from '../system/logger.ts';
import { RotatingFile } from '../system/rotating-file.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';

/** What auditing is set up from. */
export interface AuditSetup {
  readonly arguments: ComponentArguments;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Logger;
}

const bytesPerMegabyte = 1024 * 1024;

/**
 * Reads kube-apiserver's `--audit-*` flags. Without a policy file or without a path nothing is audited.
 * @throws ComponentArgumentError
 */
export async function auditSetup(setup: AuditSetup): Promise<AuditOptions | undefined> {
  const { arguments: flags, log, clock } = setup;
  const path = flags.get('audit-log-path') ?? '';
  const policyFile = flags.get('audit-policy-file') ?? '';
  const policy = policyFile === '' ? undefined : await readPolicy(setup, policyFile);
  if (path === '') return undefined;
  const format = logFormat(flags.get('audit-log-format') ?? 'json');
  const limits = {
    maxBytes: limitOf(flags, 'audit-log-maxsize', 100) * bytesPerMegabyte,
    maxAgeDays: limitOf(flags, 'audit-log-maxage', 366),
    maxBackups: limitOf(flags, 'audit-log-maxbackup', 100),
  };
  if (policy === undefined) {
    log.info('No audit policy file provided, no events will be recorded for log backend');
    return undefined;
  }
  if (path === '-') return { policy, sink: auditLog((line) => process.stdout.write(line), format, log) };
  const file = new RotatingFile(path, limits, clock);
  return { policy, sink: auditLog((line) => file.append(line), format, log) };
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

function logFormat(text: string): AuditLogFormat {
  const format = auditLogFormats.find((known) => known === text);
  if (format === undefined) {
    throw new ComponentArgumentError(
      `invalid audit log format ${text}, allowed formats are "${auditLogFormats.join(',')}"`,
    );
  }
  return format;
}

function limitOf(flags: ComponentArguments, name: string, fallback: number): number {
  const text = flags.get(name);
  if (text === undefined) return fallback;
  if (!/^-?\d+$/.test(text)) throw new ComponentArgumentError(`--${name} ${text} must be a whole number`);
  if (text.startsWith('-')) throw new ComponentArgumentError(`--${name} ${text} can't be a negative number`);
  return Number(text);
}
