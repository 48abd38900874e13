import type { CSINode, StorageClass, VolumeAttributesClass } from '../api/types/storage-v1.ts';
import { formatLabels } from '../printers/table-printer.ts';
import { titleBool, longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { conditionText, describeTerm } from './persistent-volume.ts';

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** A storage class. */
export const describeStorageClass: Describer = async (object, text, context) => {
  const storageClass = object as unknown as StorageClass;
  const { metadata, mountOptions = [], allowedTopologies } = storageClass;
  const isDefault = defaultAnnotations.some((name) => metadata?.annotations?.[name] === 'true');
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `IsDefaultClass:\t${isDefault ? 'Yes' : 'No'}`);
  text.line(0, `Annotations:\t${formatLabels(metadata?.annotations)}`);
  text.line(0, `Provisioner:\t${storageClass.provisioner}`);
  text.line(0, `Parameters:\t${formatLabels(storageClass.parameters)}`);
  text.line(0, `AllowVolumeExpansion:\t${titleBool(storageClass.allowVolumeExpansion)}`);
  text.line(0, mountOptions.length === 0 ? 'MountOptions:\t<none>' : 'MountOptions:');
  for (const option of mountOptions) text.line(1, option);
  if (storageClass.reclaimPolicy !== undefined) text.line(0, `ReclaimPolicy:\t${storageClass.reclaimPolicy}`);
  if (storageClass.volumeBindingMode !== undefined) {
    text.line(0, `VolumeBindingMode:\t${storageClass.volumeBindingMode}`);
  }
  if (allowedTopologies !== undefined) {
    text.line(0, allowedTopologies.length === 0 ? 'AllowedTopologies:\t<none>' : 'AllowedTopologies:\t');
    for (const [index, { matchLabelExpressions = [] }] of allowedTopologies.entries()) {
      const conditions = matchLabelExpressions.map(({ key, values }) => conditionText(key, 'in', values));
      describeTerm(1, index, conditions, text);
    }
  }
  await describeEvents(object, text, context);
};

/** A class of volume attributes. */
export const describeVolumeAttributesClass: Describer = async (object, text, context) => {
  const { metadata, driverName, parameters } = object as unknown as VolumeAttributesClass;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Annotations:\t${formatLabels(metadata?.annotations)}`);
  text.line(0, `DriverName:\t${driverName}`);
  text.line(0, `Parameters:\t${formatLabels(parameters)}`);
  await describeEvents(object, text, context);
};

/** What storage drivers run on a node. */
export const describeCsiNode: Describer = async (object, text, context) => {
  const { metadata, spec } = object as unknown as CSINode;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.labels('Labels', metadata?.labels);
  text.annotations('Annotations', metadata?.annotations);
  text.line(0, `CreationTimestamp:\t${longTime(metadata?.creationTimestamp)}`);
  text.line(0, 'Spec:');
  // A list without any comes as null.
  const { drivers } = spec;
  if (drivers !== null) text.line(1, 'Drivers:');
  for (const { name, nodeID, allocatable, topologyKeys } of drivers ?? []) {
    text.line(2, `${name}:`);
    text.line(3, `Node ID:\t${nodeID}`);
    if (allocatable?.count !== undefined) {
      text.line(3, 'Allocatables:');
      text.line(4, `Count:\t${allocatable.count}`);
    }
    if (topologyKeys !== undefined && topologyKeys !== null)
      text.line(3, `Topology Keys:\t[${topologyKeys.join(' ')}]`);
  }
  await describeEvents(object, text, context);
};
