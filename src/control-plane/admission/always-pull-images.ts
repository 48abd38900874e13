import type { Container, Pod, Volume } from '../../api/types/core-v1.ts';
import { notSupported, FieldPath, formatFieldError } from '../../apimachinery/field-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, resourceKey } from './admission-plugin.ts';
import { refusal } from './refusal.ts';

/** Every image is pulled anew, so that the right to pull it is asked for each pod. */
export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  admit(attributes) {
    if (!isPodWrite(attributes)) return;
    const pod = attributes.object as unknown as Pod;
    for (const { container } of containersOf(pod)) container.imagePullPolicy = 'Always';
    for (const { image } of pod.spec?.volumes ?? []) {
      if (image !== undefined && (image.reference ?? '') !== '') image.pullPolicy = 'Always';
    }
  },
  validate(attributes) {
    if (!isPodWrite(attributes)) return;
    const pod = attributes.object as unknown as Pod;
    const isLazy = ({ image }: Volume): boolean =>
      image !== undefined && (image.reference ?? '') !== '' && image.pullPolicy !== 'Always';
    const errors = [
      ...containersOf(pod)
        .filter(({ container }) => container.imagePullPolicy !== 'Always')
        .map(({ container, path }) => notSupported(path, container.imagePullPolicy ?? '', ['Always'])),
      ...(pod.spec?.volumes ?? []).flatMap((volume, index) =>
        isLazy(volume)
          ? [
              notSupported(
                new FieldPath('spec.volumes').index(index).child('image', 'pullPolicy'),
                volume.image?.pullPolicy ?? '',
                ['Always'],
              ),
            ]
          : [],
      ),
    ];
    const [first] = errors;
    if (first !== undefined) throw refusal(attributes, formatFieldError(first));
  },
};

function isPodWrite(attributes: AdmissionAttributes): boolean {
  const { operation, subresource } = attributes;
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  return isWrite && subresource === '' && resourceKey(attributes) === 'pods' && hasNewImage(attributes);
}

/** An update that brings no image leaves the pod as it was before the plugin was enabled. */
function hasNewImage({ object, oldObject, operation }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE' || oldObject === undefined) return true;
  const imagesOf = (pod: unknown): (string | undefined)[] =>
    containersOf(pod as Pod).map(({ container }) => container.image);
  const old = new Set(imagesOf(oldObject));
  return imagesOf(object).some((image) => !old.has(image));
}

function containersOf({ spec }: Pod): { container: Pick<Container, 'image' | 'imagePullPolicy'>; path: FieldPath }[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((field) =>
    (spec?.[field] ?? []).map((container, index) => ({
      container,
      path: new FieldPath('spec').child(field).index(index).child('imagePullPolicy'),
    })),
  );
}
