import { forbidden } from '../../apimachinery/status.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';

/** Lets everything through; kept for the configurations that still name it. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' };

/** Refuses every write, for tests of what happens then. */
export const alwaysDeny: AdmissionPlugin = { name: 'AlwaysDeny', admit: deny, validate: deny };

function deny({ resource, name }: AdmissionAttributes): never {
  throw forbidden(resource, name, 'admission control is denying all modifications');
}
