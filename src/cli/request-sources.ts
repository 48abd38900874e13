import type { HttpRequest } from '../apimachinery/http.ts';

type Request = Pick<HttpRequest, 'method' | 'path' | 'headers'>;
type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** The places from which the four clients of the real program send their requests. */
const sources = {
  /** Of the objects that arguments and files name. */
  builder: 'helper.go get=105 list=113 watch=170 delete=202 create=246 patch=269 update=319',
  /** Generated for each kind. */
  typed: 'type.go get=165 list=183 watch=201 create=213 update=228 delete=257 patch=289',
  /** For any kind. */
  dynamic: 'simple.go get=242 list=257 watch=270 create=141 update=167 delete=212 patch=286',
  scale: 'client.go get=168 update=211 patch=232',
} as const;

type SourceClient = keyof typeof sources;

/** Who sends what a command asks for after the objects that its arguments name; the builder, where a command is not here. */
const clients: Readonly<Record<string, SourceClient>> = {
  'apply --prune': 'dynamic',
  attach: 'typed',
  'cluster-info dump': 'typed',
  cp: 'typed',
  cordon: 'typed',
  debug: 'typed',
  delete: 'dynamic',
  describe: 'typed',
  drain: 'typed',
  events: 'typed',
  exec: 'typed',
  logs: 'typed',
  'port-forward': 'typed',
  'rollout history': 'typed',
  'rollout undo': 'typed',
  top: 'typed',
  uncordon: 'typed',
};

/** Commands whose own requests have nothing to do with objects that arguments name. */
const withoutTargets: ReadonlySet<string> = new Set(['cluster-info dump', 'cp', 'events', 'top']);

/**
 * Where the real program would send a request, file and line, for the lines that tell of bodies.
 * @param path words of the command's path
 * @param isRaw --raw is given
 */
export function requestSources(path: readonly string[], isRaw: boolean): (request: Request) => string {
  const [first = '', second = ''] = path;
  const name = clients[path.join(' ')] === undefined ? first : path.join(' ');
  const isGenerated = first === 'auth' || (first === 'create' && path.length > 1);
  const later = isGenerated ? 'typed' : (clients[name] ?? 'builder');
  let target: string | undefined;

  const clientOf = (request: Request, verb: Verb): SourceClient => {
    if (isGenerated || withoutTargets.has(name)) return 'typed';
    if (verb === 'watch' && first !== 'get') return first === 'run' ? 'typed' : 'dynamic';
    if (first === 'wait' && verb === 'list' && target !== undefined) return 'dynamic';
    if (first === 'autoscale' && verb === 'create') return 'typed';
    if (first === 'delete') return verb === 'get' ? 'dynamic' : 'builder';
    const [place = ''] = request.path.split('?');
    target ??= collectionOf(place);
    const isRead = verb === 'get' || verb === 'list';
    // What changes objects after that is up to the command; other kinds it looks up on the way.
    return isRead && collectionOf(place) === target ? 'builder' : later;
  };

  return (request) => {
    if (isRaw) return 'raw.go:84';
    const special = specialSource(request, first, second);
    if (special !== undefined) return special;
    const verb = verbOf(request);
    const client = request.path.split('?')[0]?.endsWith('/scale') === true ? 'scale' : clientOf(request, verb);
    if (client === 'builder' && first === 'replace' && verb === 'get') return 'helper.go:294';
    const [file = '', ...lines] = sources[client].split(' ');
    const line = lines.find((one) => one.startsWith(`${verb}=`)) ?? '';
    return `${file}:${line.slice(verb.length + 1)}`;
  };
}

/** What has a place of its own, whoever asks. */
function specialSource({ path }: Request, first: string, second: string): string | undefined {
  const [place = ''] = path.split('?');
  if (place === '/version') return 'discovery_client.go:667';
  if (place === '/openapi/v3') return 'client.go:46';
  if (place.startsWith('/openapi/v3/')) return 'groupversion.go:75';
  if (place === '/openapi/v2') return 'discovery_client.go:681';
  if (place === '/api') return 'discovery_client.go:255';
  if (place === '/apis') return 'discovery_client.go:318';
  if (/^\/(?:api|apis\/[^/]+)\/[^/]+$/.test(place)) return 'discovery_client.go:413';
  if (place.endsWith('/log')) return first === 'cluster-info' ? 'clusterinfo_dump.go:281' : 'logs.go:497';
  if (first === 'create' && second === 'token') return 'serviceaccount.go:87';
  if (place.endsWith('/eviction')) return 'eviction_expansion.go:38';
  if (place.endsWith('/approval')) return 'certificatesigningrequest.go:91';
  return undefined;
}

function verbOf({ method, path }: Request): Verb {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return 'delete';
    default: {
      const [place = '', query = ''] = path.split('?');
      if (['true', '1'].includes(new URLSearchParams(query).get('watch') ?? '')) return 'watch';
      return collectionOf(place) === place ? 'list' : 'get';
    }
  }
}

/** The path of the kind that a path leads to: without the name and what follows. */
function collectionOf(place: string): string {
  const [, root, ...rest] = place.split('/');
  const version = rest.slice(0, root === 'api' ? 1 : 2);
  const words = rest.slice(version.length);
  const isNamespaced = words[0] === 'namespaces' && words.length > 2;
  const kept = isNamespaced ? words.slice(0, 3) : words.slice(0, 1);
  return ['', root, ...version, ...kept].join('/');
}
