import { goQuote } from '../apimachinery/field-error.ts';
import { StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { PrinterError } from '../printers/printer.ts';
import { CommandError, SilentExit, UsageError } from './command.ts';

/** How a command ends: what goes to standard error, and the exit code. */
export interface Ending {
  readonly text: string;
  readonly exitCode: number;
}

/** Several errors at once; each is told on a line of its own. */
export class AggregateCommandError extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super('several errors');
    this.name = 'AggregateCommandError';
    this.errors = errors;
  }
}

/** An error with the place it came from in front: `error when creating "x.yaml": …`. */
export class PrefixedError extends Error {
  readonly prefix: string;

  constructor(prefix: string, cause: unknown) {
    super(`${prefix}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'PrefixedError';
    this.prefix = prefix;
  }
}

/** The one place where errors become what a person reads (kubectl's cmdutil.CheckErr). */
export function endingOf(error: unknown, commandPath: string): Ending {
  if (error instanceof SilentExit) return { text: '', exitCode: error.exitCode };
  if (error instanceof AggregateCommandError) {
    const texts = error.errors.map((single) => endingOf(single, commandPath).text);
    return { text: [...new Set(texts)].join(''), exitCode: 1 };
  }
  if (error instanceof UsageError) {
    const hint = `See 'kubectl ${commandPath} -h' for help and examples`;
    return { text: `error: ${error.message}\n${hint}\n`, exitCode: 1 };
  }
  if (error instanceof CommandError) return { text: withPrefix(error.message), exitCode: error.exitCode };
  if (error instanceof PrinterError) return { text: withPrefix(error.message), exitCode: 1 };
  const text = describeError(error);
  return { text: text.endsWith('\n') ? text : `${text}\n`, exitCode: 1 };
}

function withPrefix(message: string): string {
  const text = /^(error|Error)/.test(message) ? message : `error: ${message}`;
  return text.endsWith('\n') ? text : `${text}\n`;
}

function describeError(error: unknown, prefix = ''): string {
  if (error instanceof PrefixedError) return describeError(error.cause, `${prefix}${error.prefix}: `);
  if (error instanceof StatusError) return describeStatus(error, prefix);
  if (error instanceof TransportError) return describeTransport(error);
  const message = error instanceof Error ? error.message : String(error);
  return withPrefix(`${prefix}${message}`);
}

function describeStatus(error: StatusError, prefix: string): string {
  const { status, reason, code } = error;
  if (code === 401) return 'error: You must be logged in to the server (Unauthorized)';
  if (reason === 'Invalid' && prefix === '') {
    const { kind = '', name = '', causes = [] } = status.details ?? {};
    if (causes.length === 0 || kind === '') return `Error from server (Invalid): ${error.message}`;
    const what = `The ${kind} ${goQuote(name)} is invalid`;
    const lines = [...new Set(causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
    if (lines.length === 1) return `${what}: ${lines[0] ?? ''}`;
    return `${what}: \n${lines.map((line) => `* ${line}`).join('\n')}`;
  }
  const title = reason === '' ? 'Error from server' : `Error from server (${reason})`;
  return `${title}: ${prefix}${error.message}`;
}

function describeTransport(error: TransportError): string {
  if (error.kind === 'refused') {
    return `The connection to the server ${error.address} was refused - did you specify the right host or port?`;
  }
  const reasons: Partial<Record<TransportError['kind'], string>> = {
    dns: `dial tcp: lookup ${error.address.replace(/:\d+$/, '')}: no such host`,
    timeout: 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    reset: 'EOF',
  };
  const tls = /self-signed|unable to (verify|get)|signed by/i.test(error.message)
    ? 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    : `tls: failed to verify certificate: x509: ${error.message}`;
  const reason = reasons[error.kind] ?? (error.kind === 'tls' ? tls : error.message);
  return `Unable to connect to the server: ${reason}`;
}
