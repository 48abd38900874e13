import { goQuote } from '../apimachinery/field-error.ts';
import { NoMatchError } from '../apimachinery/rest-mapping.ts';
import { type StatusCause, StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { ConfigurationError } from '../kubeconfig/kubeconfig-error.ts';
import { CommandError, SilentExit, UsageError } from './command.ts';

/** How a command that failed ends. */
export interface Ending {
  /** For standard error, with its line end; empty when everything was said. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * The words and the exit code of an error, as kubectl's CheckErr finds them.
 * @param commandPath such as `kubectl config view`, for the hint after wrong usage
 */
export function endingOf(error: unknown, commandPath: string): Ending {
  if (error instanceof SilentExit) return { text: '', exitCode: error.exitCode };
  const exitCode = error instanceof CommandError ? error.exitCode : 1;
  const text = errorText(error, commandPath);
  return { text: text === '' || text.endsWith('\n') ? text : `${text}\n`, exitCode };
}

function errorText(error: unknown, commandPath: string): string {
  if (error instanceof UsageError) {
    return `error: ${error.message}\nSee '${commandPath} -h' for help and examples`;
  }
  if (error instanceof StatusError && error.reason === 'Invalid') return invalidText(error);
  if (error instanceof ConfigurationError) return multiline('Error in configuration: ', error.problems);
  if (error instanceof AggregateError) return error.errors.map((one) => `${messageOf(one)}\n`).join('');
  const standard = standardMessage(error);
  if (standard !== undefined) return standard;
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('error: ') ? message : `error: ${message}`;
}

/** The line of one error among several: without `error: ` before it. */
export function messageOf(error: unknown): string {
  return standardMessage(error) ?? (error instanceof Error ? error.message : String(error));
}

/** The words for answers of the server and for requests that got none; undefined for other errors. */
export function standardMessage(error: unknown): string | undefined {
  if (error instanceof StatusError) {
    if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`;
    return error.reason === ''
      ? `Error from server: ${error.message}`
      : `Error from server (${error.reason}): ${error.message}`;
  }
  if (error instanceof TransportError) {
    if (error.kind === 'refused') {
      return `The connection to the server ${error.address} was refused - did you specify the right host or port?`;
    }
    return `Unable to connect to the server: ${transportReason(error)}`;
  }
  return undefined;
}

const tlsReasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
};

/** Why no answer came, in Go's words. */
export function transportReason(error: TransportError): string {
  const [host = ''] = error.address.split(/:(?=\d+$)/);
  switch (error.kind) {
    case 'refused':
      return `dial tcp ${error.address}: connect: connection refused`;
    case 'dns':
      return `dial tcp: lookup ${host}: no such host`;
    case 'reset':
      return 'EOF';
    case 'timeout':
      return error.code === 'UND_ERR_CONNECT_TIMEOUT' || error.code === 'ETIMEDOUT'
        ? `dial tcp ${error.address}: i/o timeout`
        : 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
    case 'tls':
      return `tls: failed to verify certificate: ${tlsReasons[error.code] ?? `x509: ${error.message}`}`;
    default:
      return error.message;
  }
}

/** `The Deployment "x" is invalid: …` with the causes, one line or a list. */
function invalidText(error: StatusError): string {
  const { details, message = '' } = error.status;
  const about = 'The request is invalid';
  if (details === undefined) return message === '' ? about : `${about}: ${message}`;
  const { kind = '', name = '', causes = [] } = details;
  let prefix = about;
  if (kind !== '' || name !== '') prefix = `The ${kind} ${goQuote(name)} is invalid`;
  else if (message !== '' && causes.length === 0) prefix = `${about}: ${message}`;
  return causes.length === 0 ? prefix : multiline(`${prefix}: `, causeTexts(causes));
}

function causeTexts(causes: readonly StatusCause[]): readonly string[] {
  return [...new Set(causes.map(({ field = '', message = '' }) => `${field}: ${message}`))];
}

function multiline(prefix: string, messages: readonly string[]): string {
  if (messages.length === 1) return `${prefix}${messages[0] ?? ''}\n`;
  return `${prefix}\n${messages.map((message) => `* ${message}\n`).join('')}`;
}

/** What `the server doesn't have a resource type` says for a name that discovery does not know. */
export function noResourceMatch(resource: string, group = '', version = ''): NoMatchError {
  const where =
    group !== '' && version !== ''
      ? ` in group ${goQuote(group)} and version ${goQuote(version)}`
      : group !== ''
        ? ` in group ${goQuote(group)}`
        : version !== ''
          ? ` in version ${goQuote(version)}`
          : '';
  return new NoMatchError(`the server doesn't have a resource type ${goQuote(resource)}${where}`);
}
