import type { ListOptions } from './client.ts';
import { StatusError } from '../apimachinery/status.ts';

/**
 * The error of a list, saying what was looked for where the request itself was wrong, as cli-runtime words it.
 * @param subject what was listed: `pods`, `/v1, Resource=pods`
 */
export function listError(error: unknown, subject: string, options: ListOptions): unknown {
  if (!(error instanceof StatusError) || (error.reason !== 'BadRequest' && error.reason !== 'NotFound')) return error;
  const { labelSelector = '', fieldSelector = '' } = options;
  const about =
    labelSelector === '' && fieldSelector === ''
      ? `Unable to list "${subject}"`
      : `Unable to find "${subject}" that match label selector "${labelSelector}", field selector "${fieldSelector}"`;
  return new StatusError({ ...error.status, message: `${about}: ${error.message}` });
}
