import { StatusError } from '../../../apimachinery/status.ts';
import type { AdmissionAttributes } from '../admission-plugin.ts';
import { refusal } from '../refusal.ts';

const codes: Readonly<Record<string, number>> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413 };

/** The answer to a request that a policy denies. @param reason of the policy; Invalid when it has none */
export function policyRefusal(attributes: AdmissionAttributes, message: string, reason = 'Invalid'): StatusError {
  const { status } = refusal(attributes, message);
  return new StatusError({
    ...status,
    message: status.message ?? '',
    reason,
    code: codes[reason] ?? 422,
    details: { ...status.details, causes: [{ message }] },
  });
}
