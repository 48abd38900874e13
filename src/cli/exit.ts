import { messageOf } from '../apimachinery/error-message.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { NoMatchError } from '../apimachinery/rest-mapping.ts';
import { type StatusCause, StatusError } from '../apimachinery/status.ts';
import { TransportError } from '../client/transport-error.ts';
import { transportReason } from '../client/transport-reason.ts';
import { ConfigurationError } from '../kubeconfig/configuration-error.ts';
import { UnknownListedKindError } from '../resource/resource-access.ts';
import { CommandError, HelpfulError, PlainError, SilentExit, UsageError } from './command.ts';

/** How a command ends: what goes to standard error, with its line end, and the exit code. */
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

/** Several errors that are one among others, told on one line then: `[a, b]`, each text once. */
export class NestedErrors extends AggregateCommandError {
  constructor(errors: readonly unknown[]) {
    super(errors);
    this.message = asOneLine(
      errors.flatMap((error) => (error instanceof NestedErrors ? error.errors : [error])),
    ).message;
  }
}

/**
 * Ends a command that went on after errors of its own and of its input. Those of the input come last; of files they are
 * one among the others where there are others.
 * @param areOfFiles whether files are the input, or arguments
 */
export function throwVisited(failures: readonly unknown[], ofInput: readonly unknown[], areOfFiles: boolean): void {
  const isNested = areOfFiles && failures.length > 0 && ofInput.length > 0;
  throwFailures([...failures, ...(isNested ? [new NestedErrors(ofInput)] : ofInput)]);
}

/** An error that is told as one among several, without `error: `, though it is alone. */
export function asOneOfSeveral(error: unknown): AggregateCommandError {
  return new AggregateCommandError([new AggregateCommandError([error])]);
}

/** Several errors that the real program tells on one line: `[a, b]`; each text once, and one alone as it is. */
export function asOneLine(errors: readonly unknown[]): PlainError {
  const texts = [...new Set(errors.map(messageOf))];
  return new PlainError(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`);
}

/** Ends a command that went on after errors: one is thrown as it is, several together, none lets it pass. */
export function throwFailures(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new AggregateCommandError(failures);
}

/** An error with the place it came from in front: `error when creating "x.yaml": …`. */
export class PrefixedError extends Error {
  readonly prefix: string;

  constructor(prefix: string, cause: unknown) {
    super(`${prefix}: ${messageOf(cause)}`, { cause });
    this.name = 'PrefixedError';
    this.prefix = prefix;
  }
}

/**
 * The one place where errors become what a person reads (kubectl's cmdutil.CheckErr).
 * @param commandPath such as `config view`, for the hint after wrong usage
 */
export function endingOf(error: unknown, commandPath: string): Ending {
  if (error instanceof SilentExit) return { text: '', exitCode: error.exitCode };
  const text = errorText(error, commandPath);
  return {
    text: text === '' || text.endsWith('\n') ? text : `${text}\n`,
    exitCode: error instanceof CommandError ? error.exitCode : 1,
  };
}

function errorText(error: unknown, commandPath: string): string {
  if (error instanceof AggregateCommandError) {
    // One stands as if alone; among several those of the program itself go without `error: `.
    const [only] = error.errors;
    const isAlone = error.errors.length === 1;
    if (isAlone && !(only instanceof AggregateCommandError) && !(error instanceof NestedErrors)) {
      return errorText(only, commandPath);
    }
    const all = isAlone && only instanceof AggregateCommandError ? only.errors : error.errors;
    return all
      .flatMap(leavesOf)
      .map((single) => `${lineAmongSeveral(single)}\n`)
      .join('');
  }
  if (error instanceof HelpfulError && error.message === '') return '';
  if (error instanceof UsageError) {
    const path = commandPath === '' ? 'kubectl' : `kubectl ${commandPath}`;
    const message = error.message.startsWith('error: ') ? error.message : `error: ${error.message}`;
    return `${message}\nSee '${path} -h' for help and examples`;
  }
  if (error instanceof PlainError || error instanceof UnknownListedKindError) return error.message;
  const refusal = error instanceof PrefixedError ? innermost(error) : error;
  if (refusal instanceof StatusError && refusal.reason === 'Invalid') return invalidText(refusal, error);
  if (error instanceof ConfigurationError) return configurationText(error);
  return describeError(error, '');
}

/** The errors that several are made of. */
export function leavesOf(error: unknown): readonly unknown[] {
  const isTakenApart = error instanceof AggregateCommandError && !(error instanceof NestedErrors);
  return isTakenApart ? error.errors.flatMap(leavesOf) : [error];
}

/** What several places may have put words in front of. */
function innermost(error: unknown): unknown {
  return error instanceof PrefixedError ? innermost(error.cause) : error;
}

function lineAmongSeveral(error: unknown): string {
  const isOurs = !(error instanceof StatusError || error instanceof TransportError || error instanceof PrefixedError);
  return isOurs ? messageOf(error) : describeError(error, '');
}

function describeError(error: unknown, prefix: string): string {
  if (error instanceof PrefixedError) return describeError(error.cause, `${prefix}${error.prefix}: `);
  if (error instanceof StatusError) return describeStatus(error, prefix);
  if (error instanceof TransportError) return describeTransport(error);
  const message = `${prefix}${messageOf(error)}`;
  return message.startsWith('error: ') ? message : `error: ${message}`;
}

function describeStatus(error: StatusError, prefix: string): string {
  if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${prefix}${error.message})`;
  const title = error.reason === '' ? 'Error from server' : `Error from server (${error.reason})`;
  return `${title}: ${prefix}${error.message}`;
}

function describeTransport(error: TransportError): string {
  if (error.kind === 'refused') {
    // The server as it was written, with a port only where one was.
    const host = /"\w+:\/\/([^/"]+)/.exec(error.request)?.[1] ?? error.address;
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  }
  return `Unable to connect to the server: ${transportReason(error)}`;
}

/** One problem stands alone; several are a list. */
function configurationText({ problems, isMissingContext }: ConfigurationError): string {
  const about = 'Error in configuration: ';
  if (problems.length > 1) return `${about}\n${problems.map((problem) => `* ${problem}\n`).join('')}`;
  return `${isMissingContext ? about : 'error: '}${problems[0] ?? ''}`;
}

/** `The Deployment "x" is invalid: …` with the causes, one line or a list. */
function invalidText(error: StatusError, told: unknown): string {
  const { details } = error.status;
  const message = told instanceof Error ? told.message : '';
  const plain = 'The request is invalid';
  if (details === undefined) return message === '' ? plain : `${plain}: ${message}`;
  const { kind = '', name = '', causes = [] } = details;
  let about = plain;
  if (kind !== '' || name !== '') about = `The ${kind} ${goQuote(name)} is invalid`;
  else if (message !== '' && causes.length === 0) about = `${plain}: ${message}`;
  const texts = causeTexts(causes);
  if (texts.length === 0) return about;
  return texts.length === 1
    ? `${about}: ${texts[0] ?? ''}\n`
    : `${about}: \n${texts.map((text) => `* ${text}\n`).join('')}`;
}

function causeTexts(causes: readonly StatusCause[]): readonly string[] {
  return [...new Set(causes.map(({ field = '', message = '' }) => `${field}: ${message}`))];
}

/** What is said of a name that discovery does not know. */
export function noResourceMatch(resource: string, group = '', version = ''): NoMatchError {
  const places = [
    ...(group === '' ? [] : [`group ${goQuote(group)}`]),
    ...(version === '' ? [] : [`version ${goQuote(version)}`]),
  ];
  const where = places.length === 0 ? '' : ` in ${places.join(' and ')}`;
  return new NoMatchError(`the server doesn't have a resource type ${goQuote(resource)}${where}`);
}
