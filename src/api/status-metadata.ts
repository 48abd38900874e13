/** What is put back of the metadata when an update may change one part of an object alone, its status for example. */
export const metadataAside = ['labels', 'annotations', 'finalizers', 'ownerReferences', 'deletionTimestamp'] as const;

/** What is put back where it is all of the metadata. */
export const wholeMetadata = [...metadataAside, 'deletionGracePeriodSeconds', 'generateName', 'uid'] as const;
