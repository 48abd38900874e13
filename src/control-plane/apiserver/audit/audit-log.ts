import { goQuote } from '../../../apimachinery/field-error.ts';
import type { Logger } from '../../../system/logger.ts';
import type { AuditEvent, AuditSink } from './audit-event.ts';

/** Forms of a log of events: `json` is an object per line, `legacy` a line of text. */
export const auditLogFormats = ['legacy', 'json'] as const;

export type AuditLogFormat = (typeof auditLogFormats)[number];

/** Writes a line per event. An event that cannot be written is lost: requests go on, and the log says so. */
export function auditLog(append: (line: string) => void, format: AuditLogFormat, log: Logger): AuditSink {
  const show = format === 'json' ? jsonLine : legacyLine;
  return {
    write(event) {
      try {
        append(`${show(event)}\n`);
      } catch (error) {
        log.error('unable to log an audit event', { auditID: event.auditID, stage: event.stage, error: String(error) });
      }
    },
  };
}

const escaped: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** As Go's encoder writes it: maps in the order of their keys, and what HTML could take for its own escaped. */
function jsonLine(event: AuditEvent): string {
  const { annotations } = event;
  const sorted =
    annotations === undefined
      ? event
      : {
          ...event,
          annotations: Object.fromEntries(Object.entries(annotations).toSorted(([a], [b]) => (a < b ? -1 : 1))),
        };
  const text = JSON.stringify(sorted, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  return text.replaceAll(/[<>&\u2028\u2029]/g, (character) => escaped[character] ?? character);
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
