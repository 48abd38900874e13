import { createHash } from 'node:crypto';
import type { Secret } from '../../api/types/core-v1.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { RegistryLogin } from '../cri/runtime.ts';

/** A login, and the secret it is from. */
export interface SecretLogin extends RegistryLogin {
  readonly secret: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** Tells logins apart without saying what they are. */
  readonly hash: string;
}

const dockerHub = 'index.docker.io';

/**
 * The logins for an image that are in secrets of the types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg:
 * those for a path before those for what it is in.
 * @param repository the image without tag and digest
 */
export function registryLogins(repository: string, secrets: readonly Secret[]): readonly SecretLogin[] {
  const entries = secrets.flatMap(loginsOf).toSorted((left, right) => backwards(left.place, right.place));
  const matching = entries.filter(({ place }) => covers(place, repository));
  if (matching.length > 0) return matching.map(({ login }) => login);
  if (!isOfDockerHub(repository)) return [];
  return entries.filter(({ place }) => place === dockerHub).map(({ login }) => login);
}

/** The order of texts, the last first; what begins like another one is before that. */
function backwards(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? 1 : -1;
}

interface LoginEntry {
  /** Host, port and path that images begin with. */
  readonly place: string;
  readonly login: SecretLogin;
}

function loginsOf(secret: Secret): readonly LoginEntry[] {
  const { namespace = '', name = '', uid = '' } = secret.metadata;
  return Object.entries(configOf(secret)).flatMap(([server, entry]) => {
    const login = isJsonObject(entry) ? loginOf(entry) : undefined;
    if (login === undefined) return [];
    const hash = createHash('sha256').update(JSON.stringify(login)).digest('hex');
    return [{ place: placeOf(server), login: { ...login, hash, secret: { namespace, name, uid } } }];
  });
}

/** The servers of a secret; none for one that says nothing of any. */
function configOf({ type, data = {} }: Secret): JsonObject {
  const old = data['.dockercfg'];
  if (type === 'kubernetes.io/dockerconfigjson') {
    const auths = parsed(data['.dockerconfigjson'])['auths'];
    return isJsonObject(auths) ? auths : {};
  }
  return type === 'kubernetes.io/dockercfg' ? parsed(old) : {};
}

function parsed(encoded = ''): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(Buffer.from(encoded, 'base64').toString('utf8'));
  } catch {
    return {};
  }
  return isJsonObject(value) ? value : {};
}

function loginOf({ username, password, auth }: JsonObject): RegistryLogin | undefined {
  if (typeof auth === 'string' && auth !== '') {
    const [, user, secret] = /^([^:]*):([^]*)$/.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? [];
    return user === undefined || secret === undefined ? undefined : { username: user, password: secret };
  }
  return { username: textOf(username), password: textOf(password) };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What is behind a scheme, without the version that Docker's clients put behind the host. */
function placeOf(server: string): string {
  const [, host = '', path = ''] = /^(?:https?:\/\/)?([^/]*)(.*)$/.exec(server) ?? [];
  const below = /^\/v[12]\//.test(path) ? path.slice('/v1'.length) : path;
  return below === '/' ? host : `${host}${below}`;
}

/** Whether the logins of a place are for a repository; each part of the host's name may have `*`, `?` and `[…]`. */
function covers(place: string, repository: string): boolean {
  const [pattern, target] = [place, repository].map(split);
  if (pattern === undefined || target === undefined) return false;
  return (
    pattern.port === target.port &&
    pattern.labels.length === target.labels.length &&
    target.path.startsWith(pattern.path) &&
    pattern.labels.every((label, index) => globOf(label)?.test(target.labels[index] ?? '') === true)
  );
}

function split(text: string): { labels: readonly string[]; port: string; path: string } {
  const [, host = '', port = '', path = ''] = /^([^/:]*)(?::(\d+))?(.*)$/.exec(text) ?? [];
  return { labels: host.split('.'), port, path };
}

/** Undefined for a pattern that is none, such as `[a`: it matches nothing. */
function globOf(pattern: string): RegExp | undefined {
  const escaped = pattern.replace(/[\\^$.|+(){}]/g, String.raw`\$&`);
  try {
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
  } catch {
    return undefined;
  }
}

function isOfDockerHub(repository: string): boolean {
  const [head = '', ...rest] = repository.split('/');
  return rest.length === 0 || head === 'docker.io' || head === dockerHub || !/[.:]/.test(head);
}
