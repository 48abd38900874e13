import type { FieldManagement } from './field-management.ts';
import { StatusError } from '../../../apimachinery/status.ts';

/** Leaves metadata.managedFields as it is. */
export const managedFieldManagement: FieldManagement = {
  afterUpdate: (_resource, _live, object) => object,
  apply() {
    throw new StatusError({ message: 'server-side apply is not served yet', reason: 'NotImplemented', code: 501 });
  },
};
