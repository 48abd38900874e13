import { validateAnnotations } from '../../../apimachinery/annotations.ts';
import { type FieldError, type FieldPath, fieldForbidden } from '../../../apimachinery/field-error.ts';
import { validateLabels } from '../../../apimachinery/labels.ts';
import type { ObjectMeta } from '../../../apimachinery/object-meta.ts';

/** What metadata has besides labels and annotations, in the order in which it is told of, and how it is called then. */
const others: readonly (readonly [keyof ObjectMeta | 'selfLink', string])[] = [
  ['name', 'name'],
  ['generateName', 'generateName'],
  ['namespace', 'namespace'],
  ['selfLink', 'selfLink'],
  ['uid', 'uID'],
  ['resourceVersion', 'resourceVersion'],
  ['generation', 'generation'],
  ['creationTimestamp', 'creationTimestamp'],
  ['deletionTimestamp', 'deletionTimestamp'],
  ['deletionGracePeriodSeconds', 'deletionGracePeriodSeconds'],
  ['ownerReferences', 'ownerReferences'],
  ['finalizers', 'finalizers'],
  ['managedFields', 'managedFields'],
];

/** Checks the metadata of a template whose objects get nothing but labels and annotations from it. */
export function validateTemplateMetadata(metadata: ObjectMeta | undefined, path: FieldPath): FieldError[] {
  if (metadata === undefined) return [];
  return [
    ...validateAnnotations(metadata.annotations, path.child('annotations')),
    ...validateLabels(metadata.labels, path.child('labels')),
    ...others.flatMap(([field, shown]) =>
      isSet(Reflect.get(metadata, field)) ? [fieldForbidden(path.child(shown), 'cannot be set')] : [],
    ),
  ];
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 0;
}
