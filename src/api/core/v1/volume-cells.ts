import { canonicalQuantity } from '../../../apimachinery/quantity.ts';

const shortModes: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

/** `RWO,ROX`. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return shortModes
    .filter(([mode]) => modes?.includes(mode) === true)
    .map(([, short]) => short)
    .join(',');
}

/** A quantity in canonical form; `0` for one that is absent. */
export function quantityCell(quantity: string | undefined): string {
  return quantity === undefined ? '0' : canonicalQuantity(quantity);
}

/** The storage class of a volume or claim; an annotation of old wins. */
export function storageClassOf(annotations: Readonly<Record<string, string>> | undefined, name = ''): string {
  return annotations?.['volume.beta.kubernetes.io/storage-class'] ?? name;
}
