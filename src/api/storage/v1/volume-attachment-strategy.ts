import {
  checkImmutable,
  type FieldError,
  FieldPath,
  fieldForbidden,
  invalid,
  invalidFor,
  required,
  tooLong,
} from '../../../apimachinery/field-error.ts';
import { inclusiveRangeMessage, isDns1123Subdomain } from '../../../apimachinery/names.ts';
import type { Unstructured } from '../../../apimachinery/object-meta.ts';
import { internalObject } from '../../core/v1/internal-objects.ts';
import { validateVolumeSpec } from '../../core/v1/persistent-volume-validation.ts';
import { validateCsiDriverName } from '../../core/v1/volume-source-validation.ts';
import type { Strategy } from '../../resource-definition.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from '../../types/storage-v1.ts';
import { metadataAside } from '../../status-metadata.ts';

const specPath = new FieldPath('spec');
const statusPath = new FieldPath('status');
const mostMetadataBytes = 256 * 1024;
const mostMessageBytes = 1024;
const mostErrorCode = 2 ** 31 - 1;

/** What the registry does with attachments of volumes: only their status changes. */
export const volumeAttachmentStrategy: Strategy = {
  resetFields: { '': ['status'], status: ['metadata', 'spec'] },
  keptOnStatus: metadataAside,
  checksMetadata: 'object',
  allowUnconditionalUpdate: false,
  validateCreate: (object) => validate(attachmentOf(object)),
  validateUpdate: (object, old) => [
    ...validate(attachmentOf(object)),
    ...checkImmutable(specPath, shownSpec(object), shownSpec(old)),
  ],
};

/** The spec in the form in which the real server tells of it. */
function shownSpec(object: Unstructured): object {
  return internalObject('VolumeAttachmentSpec', attachmentOf(object).spec);
}

function attachmentOf(object: Unstructured): VolumeAttachment {
  return object as unknown as VolumeAttachment;
}

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const { attacher, nodeName, source } = spec;
  const volume = source.persistentVolumeName;
  const metadata = Object.entries(status?.attachmentMetadata ?? {});
  const bytes = metadata.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...validateCsiDriverName(attacher, specPath.child('attacher')),
    ...validateSource(source, specPath.child('source')),
    ...invalidFor(specPath.child('nodeName'), nodeName, isDns1123Subdomain(nodeName)),
    ...(bytes > mostMetadataBytes ? [tooLong(statusPath.child('attachmentMetadata'), mostMetadataBytes)] : []),
    ...validateVolumeError(status?.attachError, statusPath.child('attachError')),
    ...validateVolumeError(status?.detachError, statusPath.child('detachError')),
    ...(volume === undefined
      ? []
      : invalidFor(new FieldPath('spec.source.persistentVolumeName'), volume, isDns1123Subdomain(volume))),
  ];
}

function validateSource(source: VolumeAttachmentSource, path: FieldPath): FieldError[] {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  const message = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inline === undefined && name === undefined) return [required(path, message)];
  if (inline !== undefined && name !== undefined) return [fieldForbidden(path, message)];
  if (inline !== undefined) return validateVolumeSpec(inline, '', path.child('inlineVolumeSpec'), true);
  if (name !== '') return [];
  return [required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')];
}

function validateVolumeError(error: VolumeError | undefined, path: FieldPath): FieldError[] {
  const { errorCode = 0, message = '' } = error ?? {};
  return [
    // The real one names the limit of the metadata here, not the one of messages.
    ...(Buffer.byteLength(message) > mostMessageBytes ? [tooLong(path.child('message'), mostMetadataBytes)] : []),
    ...(errorCode < 0 ? [invalid(path.child('errorCode'), errorCode, inclusiveRangeMessage(0, mostErrorCode))] : []),
  ];
}
