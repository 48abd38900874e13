import { createHash } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ImageReference } from '../../../apimachinery/image-reference.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts';
import { parseJson } from '../../../apimachinery/json-codec.ts';
import type { Clock } from '../../../system/clock.ts';
import { type RegistryLogin, RuntimeError } from '../runtime.ts';
import { type Answered, ask } from './http-request.ts';
import { MemoryFiles } from './memory-files.ts';

/** What a registry says of an image. */
export interface RegistryImage {
  /** Of its manifest. */
  readonly digest: string;
  /** The digest of its configuration. */
  readonly id: string;
  readonly sizeBytes: number;
}

export interface RegistryAccess {
  /** Connects to a port of the node's loopback address. @throws Error when nothing listens there */
  readonly dial: (port: number) => Promise<Duplex>;
  readonly clock: Clock;
  /** Shown when the registry asks for it. */
  readonly login: RegistryLogin | undefined;
}

const mostRedirects = 10;
const manifestTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
];

/**
 * Asks the registry of an image of `localhost` or 127.0.0.1 for it, over HTTP, by the distribution project's protocol.
 * @returns undefined for images of other registries, and when no registry is there
 * @throws RuntimeError in containerd's words when it does not give it out
 */
export async function findInRegistry(
  { repository, tag, digest }: ImageReference,
  access: RegistryAccess,
): Promise<RegistryImage | undefined> {
  const [, host = '', port = '80', path = ''] =
    /^((?:localhost|127\.0\.0\.1)(?::(\d+))?)\/(.+)$/.exec(repository) ?? [];
  if (host === '' || !(await isRegistry(access, host, Number(port)))) return undefined;
  const shown = digest === undefined ? `${repository}:${tag}` : `${repository}@${digest}`;
  const failed = `failed to pull and unpack image "${shown}": failed to resolve reference "${shown}"`;
  const fetch = async (reference: string): Promise<Buffer> => {
    const url = `http://${host}/v2/${path}/manifests/${reference}`;
    const answer = await authorized(access, url, Number(port), failed);
    if (answer.status === 404) throw new RuntimeError('NotFound', `${failed}: ${shown}: not found`);
    if (answer.status === 200) return answer.body;
    const status = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`.trim();
    throw new RuntimeError('Unknown', `${failed}: unexpected status from HEAD request to ${url}: ${status}`);
  };
  const body = await fetch(digest ?? tag);
  const first = parseManifest(body, failed);
  const chosen = chooseManifest(first);
  const manifest = chosen === undefined ? first : parseManifest(await fetch(chosen), failed);
  const config = isJsonObject(manifest['config']) ? manifest['config'] : {};
  const parts = [config, ...listOf(manifest['layers'])].filter(isJsonObject);
  const own = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  return {
    digest: own,
    id: typeof config['digest'] === 'string' ? config['digest'] : own,
    sizeBytes: parts.reduce((sum, { size }) => sum + (typeof size === 'number' ? size : 0), 0),
  };
}

/** Something else that listens, such as a program that is only simulated, does not keep an image from being had. */
async function isRegistry(access: RegistryAccess, host: string, port: number): Promise<boolean> {
  try {
    const { status, rawHeaders } = await send(access, `http://${host}/v2/`, port);
    return status === 401 || headerOf(rawHeaders, 'docker-distribution-api-version') !== undefined;
  } catch {
    return false;
  }
}

/** Asks, and again with the login when the registry wants one. @throws RuntimeError when there is none */
async function authorized(access: RegistryAccess, url: string, port: number, failed: string): Promise<Answered> {
  const answer = await send(access, url, port);
  const challenge = answer.status === 401 ? (headerOf(answer.rawHeaders, 'www-authenticate') ?? '') : '';
  if (!/^basic\b/i.test(challenge)) return answer;
  const { login } = access;
  if (login === undefined || login.username === '' || login.password === '') {
    const denied = 'pull access denied, repository does not exist or may require authorization';
    throw new RuntimeError('Unknown', `${failed}: ${denied}: authorization failed: no basic auth credentials`);
  }
  const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return send(access, url, port, { authorization: `Basic ${basic}` });
}

/** Asks for a path, and where that leads elsewhere on the same server, there. */
async function send(
  { dial, clock }: RegistryAccess,
  url: string,
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const context = {
    clock,
    dial: () => dial(port),
    signal: new AbortController().signal,
    files: new MemoryFiles(() => clock.now()),
    resolve: () => Promise.resolve([]),
  };
  const start = new URL(url);
  // The node's own name is no matter of a resolver here.
  start.hostname = '127.0.0.1';
  let next = start;
  for (let redirects = 0; ; redirects++) {
    const asked = { url: next.href, method: 'GET', body: undefined, timeoutSeconds: 30 };
    const answer = await ask(context, { ...asked, headers: { accept: manifestTypes.join(', '), ...headers } });
    const location = [301, 302, 303, 307, 308].includes(answer.status)
      ? headerOf(answer.rawHeaders, 'location')
      : undefined;
    if (location === undefined || redirects === mostRedirects) return answer;
    next = new URL(location, next);
    if (next.host !== start.host) return answer;
  }
}

function headerOf(rawHeaders: readonly string[], wanted: string): string | undefined {
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
  return at < 0 ? undefined : rawHeaders[at + 1];
}

function parseManifest(body: Buffer, failed: string): JsonObject {
  try {
    const manifest = parseJson(body.toString('utf8'));
    if (isJsonObject(manifest)) return manifest;
  } catch {
    // It is told below that there is none.
  }
  throw new RuntimeError('Unknown', `${failed}: the registry's manifest is not a JSON object`);
}

/** The digest of the manifest for this kind of node, of a list of manifests; undefined for one that is no list. */
function chooseManifest(manifest: JsonObject): string | undefined {
  const entries = listOf(manifest['manifests']).filter(isJsonObject);
  const linux = entries.find(({ platform = null }) => isJsonObject(platform) && platform['os'] === 'linux');
  const digest = (linux ?? entries[0])?.['digest'];
  return typeof digest === 'string' ? digest : undefined;
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
