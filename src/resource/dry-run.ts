import { booleanOf } from '../apimachinery/boolean.ts';

/** What `--dry-run` asks for. */
export type DryRun = 'none' | 'client' | 'server';

/** A value that `--dry-run` does not have; the message is what follows `error: `. */
export class DryRunError extends Error {}

/**
 * Reads `--dry-run`, its old values included.
 * @param warn told of deprecated ones, with the place where the real program says so
 * @throws DryRunError
 */
export function parseDryRun(value: string, warn: (source: string, text: string) => void): DryRun {
  if (value === 'none' || value === 'client' || value === 'server') return value;
  if (value === 'unchanged') {
    warn('helpers.go:719', '--dry-run is deprecated and can be replaced with --dry-run=client.');
    return 'client';
  }
  const isOn = booleanOf(value);
  if (isOn === undefined) {
    throw new DryRunError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
  }
  const replacement = isOn ? 'client' : 'none';
  warn(
    replacement === 'client' ? 'helpers.go:733' : 'helpers.go:736',
    `--dry-run=${value} is deprecated (boolean value) and can be replaced with --dry-run=${replacement}.`,
  );
  return replacement;
}

/** What `--validate` asks of the server. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Reads `--validate`. @throws DryRunError */
export function parseValidate(value: string): FieldValidation {
  switch (value) {
    case 'strict':
    case 'true':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'ignore':
    case 'false':
      return 'Ignore';
    default:
      throw new DryRunError(
        `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
      );
  }
}
