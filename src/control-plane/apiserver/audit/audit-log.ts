import { messageOf } from '../../../apimachinery/error-message.ts';
import { goQuote } from '../../../apimachinery/field-error.ts';
import { type AuditLossLog, type PromptAuditBackend, reportLoss } from './audit-backend.ts';
import type { AuditEvent } from './audit-event.ts';
import { auditEventJson } from './audit-json.ts';

/** Forms of a log of events: `json` is an object per line, `legacy` a line of text. */
export const auditLogFormats = ['legacy', 'json'] as const;

export type AuditLogFormat = (typeof auditLogFormats)[number];

/** Writes a line per event. An event that cannot be written is lost, and the log says so. */
export function auditLog(
  append: (line: string) => void,
  format: AuditLogFormat,
  log: AuditLossLog,
): PromptAuditBackend {
  const show = format === 'json' ? auditEventJson : legacyLine;
  const keep = (event: AuditEvent): boolean => {
    try {
      append(`${show(event)}\n`);
      return true;
    } catch (error) {
      reportLoss(log, 'log', messageOf(error), [event]);
      return false;
    }
  };
  return { process: (events) => !events.map(keep).includes(false) };
}

function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser } = event;
  const list = (values: readonly string[]): string => values.map(goQuote).join(',');
  const username = user.username ?? '<none>';
  const groups = user.username === undefined || user.groups === undefined ? '<none>' : list(user.groups);
  const asGroups = impersonatedUser?.groups === undefined ? '<lookup>' : list(impersonatedUser.groups);
  const time = event.requestReceivedTimestamp.replace(/\.?0+Z$/, 'Z');
  const code = event.responseStatus?.code;
  const quoted: readonly (readonly [string, string])[] = [
    ['id', event.auditID],
    ['stage', event.stage],
    ['ip', event.sourceIPs?.[0] ?? '<unknown>'],
    ['method', event.verb],
    ['user', username],
    ['groups', groups],
    ['as', impersonatedUser === undefined ? '<self>' : (impersonatedUser.username ?? '')],
    ['asgroups', asGroups],
    ['user-agent', event.userAgent ?? ''],
    ['namespace', event.objectRef?.namespace ?? '<none>'],
    ['uri', event.requestURI],
  ];
  const fields = quoted.map(([name, value]) => `${name}=${goQuote(value)}`).join(' ');
  return `${time} AUDIT: ${fields} response="${code === undefined ? '<deferred>' : String(code)}"`;
}
