import { type FieldPath, goQuote } from '../../../apimachinery/field-error.ts';
import { parseQuantity } from '../../../apimachinery/quantity.ts';
import type { Volume, VolumeProjection } from '../../types/core-v1.ts';

const gone = (since: string, until: string): string => `deprecated in ${since}, non-functional in ${until}+`;

/** Kinds of volumes that no longer do anything, or soon will not: field, how it is shown, and what to say. */
const deprecatedSources = [
  ['photonPersistentDisk', 'photonPersistentDisk', gone('v1.11', 'v1.16')],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', gone('v1.16', 'v1.22')],
  ['flocker', 'flocker', gone('v1.22', 'v1.25')],
  ['storageos', 'storageOS', gone('v1.22', 'v1.25')],
  ['quobyte', 'quobyte', gone('v1.22', 'v1.25')],
  ['glusterfs', 'glusterfs', gone('v1.25', 'v1.26')],
  ['ephemeral', 'ephemeral', ''],
  ['cephfs', 'cephfs', gone('v1.28', 'v1.31')],
  ['rbd', 'rbd', gone('v1.28', 'v1.31')],
] as const;

/** What is let pass of the volumes of a pod. @param path of the list */
export function volumeWarnings(volumes: readonly Volume[], path: FieldPath): string[] {
  const warnings = volumes.flatMap((volume, index) =>
    deprecatedSources.flatMap(([field, shown, text]) => {
      if (volume[field] === undefined) return [];
      const at = path.index(index).child(shown);
      return field === 'ephemeral' ? claimWarnings(volume, at) : [`${at.toString()}: ${text}`];
    }),
  );
  return [...warnings, ...volumes.flatMap(overlapWarnings)];
}

/** An amount of bytes that is no whole number. */
export function fractionWarnings(amount: string | undefined, path: FieldPath): string[] {
  if (amount === undefined) return [];
  const quantity = parseQuantity(amount);
  if (quantity.milliValue() % 1000n === 0n) return [];
  const shown = goQuote(quantity.toString());
  return [`${path.toString()}: fractional byte value ${shown} is invalid, must be an integer`];
}

function claimWarnings({ ephemeral }: Volume, path: FieldPath): string[] {
  const resources = ephemeral?.volumeClaimTemplate?.spec.resources;
  const at = path.child('volumeClaimTemplate', 'spec', 'resources');
  return (['requests', 'limits'] as const).flatMap((list) =>
    fractionWarnings(resources?.[list]?.['storage'], at.child(list).key('storage')),
  );
}

/** A file of a volume, and what it comes from. */
interface PlacedFile {
  readonly path: string;
  readonly source: string;
}

function overlapWarnings(volume: Volume): string[] {
  const { configMap, downwardAPI, name, projected, secret } = volume;
  const say = (what: string, files: readonly PlacedFile[]): string[] =>
    overlaps(files).map((text) => `volume ${goQuote(name)} (${what}): overlapping paths: ${text}`);
  const plain = (items: readonly { readonly path: string }[] | undefined): PlacedFile[] =>
    (items ?? []).map(({ path }) => ({ path, source: '' }));
  const warnings = [
    ...say(`ConfigMap ${goQuote(configMap?.name ?? '')}`, plain(configMap?.items)),
    ...say(`Secret ${goQuote(secret?.secretName ?? '')}`, plain(secret?.items)),
    ...say('DownwardAPI', plain(downwardAPI?.items)),
  ];
  const sources = projected?.sources ?? [];
  const empty = sources.filter((source) => Object.keys(source).length === 0);
  return [
    ...warnings,
    ...empty.map(() => `volume ${goQuote(name)} (Projected) has no sources provided`),
    ...say('Projected', sources.flatMap(filesOf)),
  ];
}

function filesOf(projection: VolumeProjection): PlacedFile[] {
  const {
    clusterTrustBundle: bundle,
    configMap,
    downwardAPI,
    podCertificate,
    secret,
    serviceAccountToken,
  } = projection;
  const from = (source: string, items: readonly { readonly path: string }[] | undefined): PlacedFile[] =>
    (items ?? []).map(({ path }) => ({ path, source }));
  if (configMap?.items !== undefined) return from(`ConfigMap ${goQuote(configMap.name ?? '')}`, configMap.items);
  if (secret?.items !== undefined) return from(`Secret ${goQuote(secret.name ?? '')}`, secret.items);
  if (downwardAPI?.items !== undefined) return from('DownwardAPI', downwardAPI.items);
  if (serviceAccountToken !== undefined) return from('ServiceAccountToken', [serviceAccountToken]);
  if (bundle !== undefined) {
    return from(`ClusterTrustBundle ${goQuote(bundle.name ?? bundle.signerName ?? '')}`, [bundle]);
  }
  const files = [
    ['PodCertificate chain', podCertificate?.certificateChainPath],
    ['PodCertificate key', podCertificate?.keyPath],
    ['PodCertificate credential bundle', podCertificate?.credentialBundlePath],
  ] as const;
  return files.flatMap(([source, path = '']) => (path === '' ? [] : [{ path, source }]));
}

/** Files that are the same, or one within the other, each with the one before it. */
function overlaps(files: readonly PlacedFile[]): string[] {
  const trimmed = files.map(({ path, source }) => ({ path: path.replace(/\/+$/, ''), source }));
  const show = ({ path, source }: PlacedFile): string =>
    source === '' ? goQuote(path) : `${goQuote(path)} (${source})`;
  return trimmed.flatMap((file, index) =>
    trimmed.slice(0, index).flatMap((other) => {
      if (file.path === '' || other.path === '') return [];
      const [one, two] = [`${file.path}/`, `${other.path}/`];
      return one.startsWith(two) || two.startsWith(one) ? [`${show(file)} with ${show(other)}`] : [];
    }),
  );
}
