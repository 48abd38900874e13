import { ConfigurationError } from '../../../apimachinery/decoding/configuration-file.ts';
import { aggregateMessages, type FieldError, formatFieldError } from '../../../apimachinery/field-error.ts';

/** A plugin cannot begin to work as it is configured. */
export class InitializationError extends ConfigurationError {}

/** @throws ConfigurationError that lists the errors, if there are any */
export function refuseErrors(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new ConfigurationError(aggregateMessages(errors.map(formatFieldError)));
}
