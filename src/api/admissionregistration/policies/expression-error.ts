import { type FieldError, type FieldPath, fieldInternal, invalid } from '../../../apimachinery/field-error.ts';

/** What is wrong with an expression: that constants of it fail already is told as a fault within, as by the real server. */
export function expressionError(path: FieldPath, text: string, error: string): FieldError {
  return error.startsWith('program instantiation failed: ') ? fieldInternal(path, error) : invalid(path, text, error);
}
