import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { Event } from '../../types/core-v1.ts';
import { validateEvent } from './event-validation.ts';

/** What the registry does with events of the core version, whose metadata it does not look at. */
export const eventStrategy: Strategy = {
  allowCreateOnUpdate: true,
  checksMetadata: false,
  validateCreate: validate,
  validateUpdate: validate,
};

function validate(object: Unstructured): ReturnType<typeof validateEvent> {
  return validateEvent(object as unknown as Event, 'reportingComponent');
}
