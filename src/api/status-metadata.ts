/** What the real server puts back of the metadata where an update may change one part of an object, its status say. */
export const metadataAside = ['labels', 'annotations', 'finalizers', 'ownerReferences', 'deletionTimestamp'] as const;

/** The same where all of the metadata is put back. */
export const wholeMetadata = [...metadataAside, 'deletionGracePeriodSeconds', 'generateName', 'uid'] as const;
