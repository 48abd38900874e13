import { messageOf } from '../../../apimachinery/error-message.ts';
import { decodeManagers } from '../../../patch/managed-entries.ts';
import type { AdmissionAttributes } from '../../admission/admission-plugin.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * Lets admission change an object. Owners of fields that it leaves in a state that cannot be read are put back as they
 * were, with a warning: webhooks that do not know them may spoil them.
 * @throws StatusError where admission refuses
 */
export async function admitChanges(server: Endpoint['server'], attributes: AdmissionAttributes): Promise<void> {
  const { object } = attributes;
  const before = object?.metadata.managedFields;
  await server.admission.mutate(attributes);
  if (object === undefined || object.metadata.managedFields === before) return;
  try {
    for (const manager of decodeManagers(object.metadata.managedFields).values()) manager.normalize();
  } catch (error) {
    if (before === undefined) delete object.metadata.managedFields;
    else object.metadata.managedFields = before;
    attributes.warn(
      '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating ' +
        `admission controller; please fix your requests: ${messageOf(error)}`,
    );
  }
}
