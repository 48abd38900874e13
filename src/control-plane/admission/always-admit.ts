import type { AdmissionAttributes, AdmissionPlugin } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

/** Lets everything through; kept for the configurations that still name it. */
export const alwaysAdmit: AdmissionPlugin = { name: 'AlwaysAdmit' };

/** Refuses every write, for tests of what happens then. */
export const alwaysDeny: AdmissionPlugin = { name: 'AlwaysDeny', admit: deny, validate: deny };

function deny(attributes: AdmissionAttributes): never {
  throw refusal(attributes, 'admission control is denying all modifications');
}
