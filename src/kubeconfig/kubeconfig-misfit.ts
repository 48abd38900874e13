import { wrongBase64Byte } from '../apimachinery/base64.ts';
import { describeJsonKind, isJsonObject, type JsonObject, type JsonValue } from '../apimachinery/json.ts';

/** A type of the file: a scalar by its Go name, bytes in base64, a list, texts by name or a struct. */
type Shape = 'string' | 'bool' | 'v1.ExecInteractiveMode' | 'bytes' | 'any' | Struct | List | TextMap;

type Fields = Readonly<Record<string, Shape>>;

interface Struct {
  readonly struct: string;
  readonly fields: () => Fields;
}

interface List {
  readonly items: Shape;
}

interface TextMap {
  readonly values: 'string' | List;
}

const texts: List = { items: 'string' };
const extensions: List = { items: { struct: 'NamedExtension', fields: () => ({ extension: 'any', name: 'string' }) } };

const cluster: Fields = {
  'certificate-authority': 'string',
  'certificate-authority-data': 'bytes',
  'disable-compression': 'bool',
  extensions,
  'insecure-skip-tls-verify': 'bool',
  'proxy-url': 'string',
  server: 'string',
  'tls-server-name': 'string',
};

const plugin: Fields = {
  apiVersion: 'string',
  args: texts,
  command: 'string',
  env: { items: { struct: 'ExecEnvVar', fields: () => ({ name: 'string', value: 'string' }) } },
  installHint: 'string',
  interactiveMode: 'v1.ExecInteractiveMode',
  provideClusterInfo: 'bool',
};

const user: Fields = {
  as: 'string',
  'as-groups': texts,
  'as-uid': 'string',
  'as-user-extra': { values: texts },
  'auth-provider': { struct: 'AuthProviderConfig', fields: () => ({ config: { values: 'string' }, name: 'string' }) },
  'client-certificate': 'string',
  'client-certificate-data': 'bytes',
  'client-key': 'string',
  'client-key-data': 'bytes',
  exec: { struct: 'ExecConfig', fields: () => plugin },
  extensions,
  password: 'string',
  token: 'string',
  tokenFile: 'string',
  username: 'string',
};

const context: Fields = { cluster: 'string', extensions, namespace: 'string', user: 'string' };

function named(struct: string, member: string, type: string, fields: Fields): List {
  return { items: { struct, fields: () => ({ name: 'string', [member]: { struct: type, fields: () => fields } }) } };
}

const config: Struct = {
  struct: 'Config',
  fields: () => ({
    clusters: named('NamedCluster', 'cluster', 'Cluster', cluster),
    contexts: named('NamedContext', 'context', 'Context', context),
    'current-context': 'string',
    extensions,
    preferences: { struct: 'Preferences', fields: () => ({ colors: 'bool', extensions }) },
    users: named('NamedAuthInfo', 'user', 'AuthInfo', user),
  }),
};

/**
 * What of a kubeconfig file is of another type than it must be, in the words of Go's json; the first one, by the order
 * of the names. @returns undefined for a file that can be read
 */
export function kubeconfigMisfit(document: JsonObject): string | undefined {
  return misfitOf(document, config, '', '');
}

/** @param struct the struct around, by its Go name @param path the fields on the way, joined by dots */
function misfitOf(value: JsonValue | undefined, shape: Shape, struct: string, path: string): string | undefined {
  if (value === null || value === undefined || shape === 'any') return undefined;
  if (shape === 'bytes' && typeof value === 'string') {
    const wrong = wrongBase64Byte(value);
    return wrong === undefined ? undefined : `illegal base64 data at input byte ${wrong}`;
  }
  if (!fits(value, shape)) {
    const what = `cannot unmarshal ${describeJsonKind(value)} into Go struct field ${struct}.${path}`;
    return `json: ${what} of type ${goName(shape)}`;
  }
  if (typeof shape === 'string') return undefined;
  if ('items' in shape) return first(value as JsonValue[], (item) => misfitOf(item, shape.items, struct, path));
  const members = value as JsonObject;
  const names = Object.keys(members).toSorted();
  if ('values' in shape) return first(names, (name) => misfitOf(members[name], shape.values, struct, path));
  const fields = shape.fields();
  return first(names, (name) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return undefined;
    return misfitOf(members[name], field, shape.struct, path === '' ? name : `${path}.${name}`);
  });
}

function first<T>(items: readonly T[], misfit: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = misfit(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function fits(value: JsonValue, shape: Shape): boolean {
  if (shape === 'bool') return typeof value === 'boolean';
  if (typeof shape === 'string') return typeof value === 'string' && shape !== 'bytes';
  return 'items' in shape ? Array.isArray(value) : isJsonObject(value);
}

function goName(shape: Shape): string {
  if (shape === 'bytes') return '[]uint8';
  if (typeof shape === 'string') return shape;
  if ('items' in shape) return `[]${goName(shape.items)}`;
  return 'values' in shape ? `map[string]${goName(shape.values)}` : `v1.${shape.struct}`;
}
