import type {
  ClusterTrustBundleProjection,
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Client } from '../../client/client.ts';
import { userOfAllContainers } from './container-user.ts';
import { type DownwardFacts, fieldText, resourceText } from './downward-fields.ts';

/** A volume that cannot be mounted yet; the message is that of the FailedMount event. */
export class VolumeError extends Error {
  /** Which step has failed, and the name of the volume, where these are not the usual ones. */
  readonly place: { readonly step: string; readonly name: string } | undefined;
  /** The reason of the event. */
  readonly reason: 'FailedMount' | 'FailedMapVolume' = 'FailedMount';

  constructor(message: string, place?: VolumeError['place']) {
    super(message);
    this.place = place;
  }
}

/** A volume that is not used as what it is; the message says all, the place too. */
export class VolumeModeError extends VolumeError {
  override readonly reason: VolumeError['reason'];

  constructor(reason: VolumeError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What the files of volumes are made from. */
export interface SourceContext {
  readonly client: Client;
  readonly pod: Pod;
  readonly facts: DownwardFacts;
}

interface FilePayload {
  readonly content: Uint8Array;
  readonly mode: number;
  /** Who owns the file; root when absent. */
  readonly uid?: number;
}

/** The files of a volume that comes from the API, and when they should be made anew at the latest (milliseconds from now). */
export interface SourceFiles {
  readonly files: Map<string, FilePayload>;
  readonly refreshMillis?: number;
}

const plainMode = 0o644;

/** The files of a volume of config maps, secrets, the downward API and projections; undefined for others. @throws VolumeError */
export async function sourceFiles(context: SourceContext, volume: Volume): Promise<SourceFiles | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    const { name = '', items, optional, defaultMode = plainMode } = configMap;
    return { files: await keyedFiles(context, { kind: 'configmap', name, items, optional }, defaultMode) };
  }
  if (secret !== undefined) {
    const { secretName: name = '', items, optional, defaultMode = plainMode } = secret;
    return { files: await keyedFiles(context, { kind: 'secret', name, items, optional }, defaultMode) };
  }
  if (downwardAPI !== undefined) {
    return { files: downwardFiles(context, downwardAPI.items ?? [], downwardAPI.defaultMode ?? plainMode) };
  }
  if (projected === undefined) return undefined;
  const files = new Map<string, FilePayload>();
  let refreshMillis = Infinity;
  for (const source of projected.sources ?? []) {
    const part = await projectedFiles(context, source, projected.defaultMode ?? plainMode);
    for (const [path, file] of part.files) files.set(path, file);
    refreshMillis = Math.min(refreshMillis, part.refreshMillis ?? Infinity);
  }
  return Number.isFinite(refreshMillis) ? { files, refreshMillis } : { files };
}

/** Whether a volume's files come from a config map or secret of this name. */
export function usesSource(volume: Volume, kind: 'configmap' | 'secret', name: string): boolean {
  const projections = volume.projected?.sources ?? [];
  return kind === 'configmap'
    ? volume.configMap?.name === name || projections.some(({ configMap }) => configMap?.name === name)
    : volume.secret?.secretName === name || projections.some(({ secret }) => secret?.name === name);
}

async function projectedFiles(context: SourceContext, source: VolumeProjection, mode: number): Promise<SourceFiles> {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source;
  if (configMap !== undefined) {
    const { name = '', items, optional } = configMap;
    return { files: await keyedFiles(context, { kind: 'configmap', name, items, optional }, mode) };
  }
  if (secret !== undefined) {
    const { name = '', items, optional } = secret;
    return { files: await keyedFiles(context, { kind: 'secret', name, items, optional }, mode) };
  }
  if (downwardAPI !== undefined) return { files: downwardFiles(context, downwardAPI.items ?? [], mode) };
  if (clusterTrustBundle !== undefined) return trustBundleFiles(context, clusterTrustBundle, mode);
  if (serviceAccountToken === undefined) {
    throw new VolumeError(`this kubelet knows no projection of ${Object.keys(source).join(', ')}`);
  }
  const { path, audience, expirationSeconds = 3600 } = serviceAccountToken;
  const token = await requestToken(context, audience, expirationSeconds);
  // After four fifths of its life, as the real kubelet does.
  const file = { content: Buffer.from(token), ...secrecy(context.pod, mode) };
  return { files: new Map([[path, file]]), refreshMillis: expirationSeconds * 800 };
}

/** Nobody tells of bundles that change: they are read again every minute, as often as the real kubelet looks at a pod. */
async function trustBundleFiles(
  { client, pod }: SourceContext,
  projection: ClusterTrustBundleProjection,
  mode: number,
): Promise<SourceFiles> {
  try {
    const { trustAnchors } = await import('./trust-bundle-files.ts');
    const file = { content: Buffer.from(await trustAnchors(client, projection)), ...secrecy(pod, mode) };
    return { files: new Map([[projection.path, file]]), refreshMillis: 60_000 };
  } catch (error) {
    throw new VolumeError(messageOf(error));
  }
}

/** A token is its user's alone where all containers run as the same one, or where a group is given what is in volumes. */
function secrecy(pod: Pod, mode: number): Pick<FilePayload, 'mode' | 'uid'> {
  const uid = userOfAllContainers(pod);
  if (uid !== undefined) return { mode: 0o600, uid };
  return { mode: pod.spec?.securityContext?.fsGroup === undefined ? mode : 0o600 };
}

async function requestToken(
  { client, pod }: SourceContext,
  audience: string | undefined,
  expirationSeconds: number,
): Promise<string> {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const accounts = client.resource({ group: '', version: 'v1', resource: 'serviceaccounts' }, namespace);
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: {
      ...(audience === undefined || audience === '' ? {} : { audiences: [audience] }),
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  };
  try {
    const answer = await accounts.create(request, {
      name: pod.spec?.serviceAccountName ?? 'default',
      subresource: 'token',
    });
    return (answer['status'] as { readonly token?: string } | undefined)?.token ?? '';
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new VolumeError(`failed to fetch token: ${error.message}`);
  }
}

interface KeyedSource {
  readonly kind: 'configmap' | 'secret';
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly optional: boolean | undefined;
}

const resources = { configmap: 'configmaps', secret: 'secrets' } as const;
const keyWords = { configmap: 'config', secret: 'secret' } as const;

async function keyedFiles(
  { client, pod }: SourceContext,
  { kind, name, items, optional }: KeyedSource,
  defaultMode: number,
): Promise<Map<string, FilePayload>> {
  const files = new Map<string, FilePayload>();
  const gvr = { group: '', version: 'v1', resource: resources[kind] };
  let data: ReadonlyMap<string, Uint8Array>;
  try {
    data = contentsOf(await client.resource<ConfigMap | Secret>(gvr, pod.metadata.namespace).get(name), kind);
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    if (optional === true) return files;
    throw new VolumeError(error.message);
  }
  const paths = items ?? [...data.keys()].map((key): KeyToPath => ({ key, path: key }));
  for (const { key, path, mode = defaultMode } of paths) {
    const content = data.get(key);
    if (content !== undefined) files.set(path, { content, mode });
    else if (optional !== true) throw new VolumeError(`references non-existent ${keyWords[kind]} key: ${key}`);
  }
  return files;
}

function contentsOf(object: ConfigMap | Secret, kind: KeyedSource['kind']): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  const textEncoding = kind === 'secret' ? 'base64' : 'utf8';
  for (const [key, text] of Object.entries(object.data ?? {})) contents.set(key, Buffer.from(text, textEncoding));
  const binary = 'binaryData' in object ? object.binaryData : undefined;
  for (const [key, text] of Object.entries(binary ?? {})) contents.set(key, Buffer.from(text, 'base64'));
  return contents;
}

function downwardFiles(
  { pod, facts }: SourceContext,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
): Map<string, FilePayload> {
  const files = new Map<string, FilePayload>();
  for (const { path, fieldRef, resourceFieldRef, mode = defaultMode } of items) {
    let text = '';
    if (fieldRef !== undefined) text = fieldText(fieldRef.fieldPath, pod, facts);
    else if (resourceFieldRef !== undefined) {
      const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
      const container = all.find(({ name }) => name === resourceFieldRef.containerName);
      if (container !== undefined) text = resourceText(resourceFieldRef, container, facts);
    }
    files.set(path, { content: Buffer.from(text), mode });
  }
  return files;
}
