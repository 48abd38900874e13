import { forbidden, type StatusError } from '../../apimachinery/status.ts';
import type { AdmissionAttributes } from './admission-plugin.ts';

/** The 403 of a plugin that refuses a request, by the name of its object as far as there is one. */
export function refusal(attributes: AdmissionAttributes, message: string): StatusError {
  return forbidden(attributes.resource, nameOf(attributes), message);
}

/** The name of the object, or what it will be made of; `Unknown` where neither is known, as in the real server. */
export function nameOf({ name, object }: AdmissionAttributes): string {
  if (name !== '') return name;
  if (object === undefined) return 'Unknown';
  const { name: own = '', generateName = '' } = object.metadata ?? {};
  return own || generateName || 'Unknown';
}
