import { isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';

/** Fields in the order of client-go's types; those with a value here are written also when they are absent. */
type FieldOrder = Readonly<Record<string, JsonValue | undefined>>;

const clusterFields: FieldOrder = {
  server: '',
  'tls-server-name': undefined,
  'insecure-skip-tls-verify': undefined,
  'certificate-authority': undefined,
  'certificate-authority-data': undefined,
  'proxy-url': undefined,
  'disable-compression': undefined,
  extensions: undefined,
};
const userFields: FieldOrder = {
  'client-certificate': undefined,
  'client-certificate-data': undefined,
  'client-key': undefined,
  'client-key-data': undefined,
  token: undefined,
  tokenFile: undefined,
  as: undefined,
  'as-uid': undefined,
  'as-groups': undefined,
  'as-user-extra': undefined,
  username: undefined,
  password: undefined,
  'auth-provider': undefined,
  exec: undefined,
  extensions: undefined,
};
const contextFields: FieldOrder = { cluster: '', user: '', namespace: undefined, extensions: undefined };
const execFields: FieldOrder = {
  command: '',
  args: null,
  env: null,
  apiVersion: undefined,
  installHint: undefined,
  provideClusterInfo: false,
  interactiveMode: undefined,
};
const providerFields: FieldOrder = { name: '', config: null };
const sections = [
  ['clusters', 'cluster', clusterFields],
  ['users', 'user', userFields],
  ['contexts', 'context', contextFields],
] as const;

/**
 * A kubeconfig in the form client-go gives it: known fields in their order, entries sorted by name, empty lists null,
 * empty values left out.
 */
export function canonicalKubeconfig(document: JsonObject): JsonObject {
  const result: JsonObject = { kind: 'Config', apiVersion: 'v1' };
  const { preferences, extensions } = document;
  if (isJsonObject(preferences) && Object.keys(preferences).length > 0) result['preferences'] = preferences;
  for (const [section, member, fields] of sections) {
    result[section] = canonicalSection(document[section], member, fields);
  }
  const current = document['current-context'];
  result['current-context'] = typeof current === 'string' ? current : '';
  if (Array.isArray(extensions) && extensions.length > 0) result['extensions'] = extensions;
  return result;
}

function canonicalSection(list: JsonValue | undefined, member: string, fields: FieldOrder): JsonValue {
  const byName = new Map<string, JsonObject>();
  for (const item of Array.isArray(list) ? list.filter(isJsonObject) : []) {
    const name = typeof item['name'] === 'string' ? item['name'] : '';
    const value = item[member];
    if (!byName.has(name)) byName.set(name, { name, [member]: ordered(isJsonObject(value) ? value : {}, fields) });
  }
  if (byName.size === 0) return null;
  return [...byName].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, item]) => item);
}

function ordered(value: JsonObject, fields: FieldOrder): JsonObject {
  const result: JsonObject = {};
  for (const [name, whenAbsent] of Object.entries(fields)) {
    const given = value[name];
    if (name === 'exec' && isJsonObject(given)) result[name] = ordered(given, execFields);
    else if (name === 'auth-provider' && isJsonObject(given)) result[name] = ordered(given, providerFields);
    // What was emptied is written as such.
    else if (name === 'env' && Array.isArray(given)) result[name] = given;
    else if (name === 'config' && isJsonObject(given)) result[name] = given;
    else if (given !== undefined && !isEmpty(given)) result[name] = given;
    else if (whenAbsent !== undefined) result[name] = whenAbsent;
  }
  return result;
}

function isEmpty(value: JsonValue): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Gives plugins of the versions before v1 the interactive mode they have when none is said, as reading a file does. */
export function withInteractiveModes(document: JsonObject): JsonObject {
  const { users } = document;
  for (const item of Array.isArray(users) ? users.filter(isJsonObject) : []) {
    const exec = isJsonObject(item['user']) ? item['user']['exec'] : undefined;
    if (!isJsonObject(exec) || (exec['interactiveMode'] ?? '') !== '') continue;
    const version = exec['apiVersion'];
    if (/^client\.authentication\.k8s\.io\/v1(alpha1|beta1)$/.test(typeof version === 'string' ? version : ''))
      exec['interactiveMode'] = 'IfAvailable';
  }
  return document;
}
