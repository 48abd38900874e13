import { allVerbs, type Column, type ResourceDefinition } from '../../resource-definition.ts';
import type { TypeSource } from '../../type-language.ts';
import { ageColumn, column, nameColumn } from '../../columns.ts';
import type { VolumeAttachment } from '../../types/storage-v1.ts';
import { volumeAttachmentStrategy } from './volume-attachment-strategy.ts';

/** The types of VolumeAttachment objects. */
export const volumeAttachmentTypes: TypeSource = {
  package: 'io.k8s.api.storage.v1',
  text: `
kind VolumeAttachment
  metadata: meta.ObjectMeta=
  spec!: VolumeAttachmentSpec=
  status: VolumeAttachmentStatus=

type VolumeAttachmentSource
  inlineVolumeSpec: core.PersistentVolumeSpec
  persistentVolumeName: string

type VolumeAttachmentSpec
  attacher!: string=
  source!: VolumeAttachmentSource=
  nodeName!: string=

type VolumeAttachmentStatus
  attachError: VolumeError
  attached!: bool=
  attachmentMetadata: {string}
  detachError: VolumeError

type VolumeError
  errorCode: int32
  message: string
  time: meta.Time null
`,
};

const columns: readonly Column[] = [
  nameColumn,
  column(
    'Attacher',
    'string',
    '@storage.v1.VolumeAttachmentSpec.attacher',
    (object: VolumeAttachment) => object.spec.attacher,
    'name',
  ),
  column(
    'PV',
    'string',
    '@storage.v1.VolumeAttachmentSource.persistentVolumeName',
    (object: VolumeAttachment) => object.spec.source.persistentVolumeName ?? '',
  ),
  column(
    'Node',
    'string',
    '@storage.v1.VolumeAttachmentSpec.nodeName',
    (object: VolumeAttachment) => object.spec.nodeName,
  ),
  column(
    'Attached',
    'boolean',
    '@storage.v1.VolumeAttachmentStatus.attached',
    (object: VolumeAttachment) => object.status?.attached ?? false,
  ),
  ageColumn,
];

/** The volumeattachments resource. */
export const volumeAttachmentResource: ResourceDefinition = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  resource: 'volumeattachments',
  singular: 'volumeattachment',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: allVerbs,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
  type: 'io.k8s.api.storage.v1.VolumeAttachment',
  columns,
  strategy: volumeAttachmentStrategy,
};
