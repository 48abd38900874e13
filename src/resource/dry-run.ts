/** What `--dry-run` asks for. */
export type DryRun = 'none' | 'client' | 'server';

/** A value that `--dry-run` does not have; the message is what follows `error: `. */
export class DryRunError extends Error {}

/** Reads `--dry-run`, its old values included. @param warn told of deprecated ones. @throws DryRunError */
export function parseDryRun(value: string, warn: (text: string) => void): DryRun {
  switch (value) {
    case 'none':
    case 'client':
    case 'server':
      return value;
    case 'unchanged':
      warn('W0000 --dry-run is deprecated and can be replaced with --dry-run=client.\n');
      return 'client';
    case 'true':
      warn('W0000 --dry-run=true is deprecated (boolean value) and can be replaced with --dry-run=client.\n');
      return 'client';
    case 'false':
      warn('W0000 --dry-run=false is deprecated (boolean value) and can be replaced with --dry-run=none.\n');
      return 'none';
    default:
      throw new DryRunError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
  }
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
