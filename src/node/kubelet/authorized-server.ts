import type { HttpHandler } from '../../apimachinery/http.ts';
import type { Client } from '../../client/client.ts';
import { textAnswer } from './kubelet-answers.ts';

export interface AuthorizedServerOptions {
  /** The kubelet's server, which trusts whoever calls it. */
  readonly handle: HttpHandler;
  /** Asks the API server who somebody is, and what he may do. */
  readonly client: Client;
  readonly nodeName: string;
}

/** What a token review says of a user. */
interface ReviewedUser {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** What permission on a path of its own is called, beside `proxy`, which allows it as well (KEP-2862). */
const fineGrained: readonly (readonly [path: string, subresource: string])[] = [
  ['/pods', 'pods'],
  ['/healthz', 'healthz'],
  ['/configz', 'configz'],
  ['/runningpods', 'pods'],
];

/** Paths that have a permission of their own alone. */
const special: readonly (readonly [path: string, subresource: string])[] = [
  ['/stats', 'stats'],
  ['/metrics', 'metrics'],
  ['/logs', 'log'],
  ['/checkpoint', 'checkpoint'],
  ['/statusz', 'statusz'],
  ['/flagz', 'configz'],
];

/**
 * The kubelet's server as port 10250 has it: only for those whose bearer token the API server knows, and who may do
 * with the node what they ask for. Nobody is anonymous, as where kubeadm sets kubelets up; client certificates are not
 * looked at.
 */
export function createAuthorizedServer({ handle, client, nodeName }: AuthorizedServerOptions): HttpHandler {
  return async (request) => {
    const { authorization = '' } = request.headers;
    const token = /^bearer +(\S+)$/i.exec(String(authorization))?.[1];
    const user = token === undefined ? undefined : await reviewToken(client, token);
    if (user === undefined) return textAnswer(401, 'Unauthorized');
    const path = request.path.split('?')[0] ?? '';
    const subresources = subresourcesOf(path);
    const verb = verbs[request.method] ?? '';
    for (const subresource of subresources) {
      const attributes = { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName };
      if (await mayDo(client, user, attributes)) return handle(request);
    }
    const what = `verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}]`;
    return textAnswer(403, `Forbidden (user=${user.username ?? ''}, ${what})\n`);
  };
}

/** The permissions one of which is needed for a path. */
function subresourcesOf(path: string): string[] {
  const isBelow = ([start]: readonly [string, string]): boolean => path === start || path.startsWith(`${start}/`);
  const own = fineGrained.find(isBelow);
  return [...(own === undefined ? [] : [own[1]]), special.find(isBelow)?.[1] ?? 'proxy'];
}

async function reviewToken(client: Client, token: string): Promise<ReviewedUser | undefined> {
  const reviews = client.resource({ group: 'authentication.k8s.io', version: 'v1', resource: 'tokenreviews' });
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } };
  const { status } = (await reviews.create(review)) as { status?: { authenticated?: boolean; user?: ReviewedUser } };
  return status?.authenticated === true ? status.user : undefined;
}

async function mayDo(client: Client, user: ReviewedUser, resourceAttributes: object): Promise<boolean> {
  const reviews = client.resource({
    group: 'authorization.k8s.io',
    version: 'v1',
    resource: 'subjectaccessreviews',
  });
  const { username: name = '', uid, groups = [], extra } = user;
  const spec = { user: name, groups, resourceAttributes, ...(uid && { uid }), ...(extra && { extra }) };
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {}, spec };
  const { status } = (await reviews.create(review)) as { status?: { allowed?: boolean } };
  return status?.allowed === true;
}
