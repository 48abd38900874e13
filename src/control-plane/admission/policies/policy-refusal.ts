import { forbidden, StatusError } from '../../../apimachinery/status.ts';
import type { AdmissionAttributes } from '../admission-plugin.ts';

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

/** The answer to a request that a policy denies. @param reason of the policy; Invalid when it has none */
export function policyRefusal(attributes: AdmissionAttributes, message: string, reason = 'Invalid'): StatusError {
  const { group, resource } = attributes.resource;
  const { status } = forbidden({ group, resource }, nameOf(attributes), message);
  return new StatusError({
    ...status,
    message: status.message ?? '',
    reason,
    code: codes[reason] ?? 422,
    details: { ...status.details, causes: [{ message }] },
  });
}

/** The name of the object, as far as it is known. */
export function nameOf({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name;
  if (object === undefined) return 'Unknown';
  const { name: own = '', generateName = '' } = object.metadata ?? {};
  return own || generateName || 'Unknown';
}
