import { metadataCommand } from './metadata-changes.ts';

/** `annotate`: sets and removes annotations. */
export const annotateCommand = metadataCommand({
  command: 'annotate',
  noun: 'annotation',
  field: 'annotations',
  short: 'Update the annotations on a resource',
  long: 'Set annotations with KEY=VALUE and remove them with KEY-. One that has another value is changed with --overwrite only.',
  examples:
    "  # An annotation on a pod\n  kubectl annotate pods web description='the front'\n\n  # Take it off again\n  kubectl annotate pods web description-",
});
