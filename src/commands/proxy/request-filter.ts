import { messageOf } from '../../apimachinery/error-message.ts';
import type { VerboseLog } from '../../system/klog.ts';

/** Which requests a proxy passes on. */
export interface RequestFilter {
  readonly acceptPaths: readonly RegExp[];
  readonly rejectPaths: readonly RegExp[];
  readonly acceptHosts: readonly RegExp[];
  readonly rejectMethods: readonly RegExp[];
}

/** An expression that cannot be read; the real program ends with a line of its log. */
export class ExpressionError extends Error {}

/** What Go's regexp says of an expression that JavaScript refuses. */
function goReason(message: string, expression: string): string {
  if (message.endsWith('Unterminated character class'))
    return `missing closing ]: \`${/\[.*$/s.exec(expression)?.[0] ?? ''}\``;
  if (message.endsWith('Unterminated group')) return `missing closing ): \`${expression}\``;
  if (message.endsWith("Unmatched ')'")) return `unexpected ): \`${expression}\``;
  if (message.endsWith('Nothing to repeat')) {
    return `missing argument to repetition operator: \`${/[*+?]/.exec(expression)?.[0] ?? ''}\``;
  }
  return message;
}

function expressionError(reason: string): ExpressionError {
  return new ExpressionError(`Error compiling re: error parsing regexp: ${reason}`);
}

/** Regular expressions separated by commas; none for an empty text. @throws ExpressionError */
export function parseExpressions(text: string): readonly RegExp[] {
  if (text === '') return [];
  return text.split(',').map((given) => {
    const bare = given.replaceAll(/\\./gs, '').replaceAll(/\[[^\]]*\]/g, '');
    const behind = /\(\?<[=!].*/s.exec(given)?.[0];
    if (behind !== undefined && bare.includes('(?<')) throw expressionError(`invalid named capture: \`${behind}\``);
    const perl = /\(\?[=!]/.exec(bare)?.[0];
    if (perl !== undefined) throw expressionError(`invalid or unsupported Perl syntax: \`${perl}\``);
    const nested = /[*+?][*+]/.exec(bare)?.[0];
    if (nested !== undefined) throw expressionError(`invalid nested repetition operator: \`${nested}\``);
    // Groups have their names in another way there.
    const expression = given.replaceAll('(?P<', '(?<');
    try {
      return new RegExp(expression, 'u');
    } catch {
      // What Go's syntax allows beyond JavaScript's strict one is mostly needless escapes.
      try {
        return new RegExp(expression);
      } catch (error) {
        throw expressionError(goReason(messageOf(error), expression));
      }
    }
  });
}

/** What a filter looks at. */
export interface FilteredRequest {
  readonly method: string;
  readonly path: string;
  /** With or without port. */
  readonly host: string;
}

/** Whether a request may pass. */
export function accepts(filter: RequestFilter, request: FilteredRequest, log?: VerboseLog): boolean {
  const { method, path } = request;
  const host = withoutPort(request.host);
  const matches = (expressions: readonly RegExp[], text: string): boolean => {
    const found = expressions.find((expression) => expression.test(text));
    if (found !== undefined) log?.(6, 'proxy_server.go:91', `${text} matched ${found.source.replaceAll('\\/', '/')}`);
    return found !== undefined;
  };
  const isRejected = matches(filter.rejectPaths, path) || matches(filter.rejectMethods, method);
  const isAccepted = !isRejected && matches(filter.acceptPaths, path) && matches(filter.acceptHosts, host);
  const [line, word] = isAccepted ? [131, 'accepting'] : [135, 'rejecting'];
  log?.(3, `proxy_server.go:${line}`, `Filter ${word} ${method} ${path} ${host}`);
  return isAccepted;
}

/** As Go's net.SplitHostPort: an address with a port loses it, with its brackets; anything else stays. */
function withoutPort(host: string): string {
  const bracketed = /^\[([^\]]*)\]:\d*$/.exec(host);
  if (bracketed !== null) return bracketed[1] ?? '';
  return /^[^:]*:\d*$/.test(host) ? host.slice(0, host.indexOf(':')) : host;
}
