import { metadataCommand } from './metadata-changes.ts';

/** `label`: sets and removes labels. */
export const labelCommand = metadataCommand({
  command: 'label',
  noun: 'label',
  field: 'labels',
  short: 'Update the labels on a resource',
  long: 'Set labels with KEY=VALUE and remove them with KEY-. A label that has another value is changed with --overwrite only.',
  examples:
    '  # A label on a pod\n  kubectl label pods web tier=front\n\n  # Take it off again\n  kubectl label pods web tier-',
});
