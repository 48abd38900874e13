import { createHmac } from 'node:crypto';
import type { ConfigMap, Secret } from '../../api/types/core-v1.ts';
import { equalJson } from '../../apimachinery/json.ts';
import { hasReason } from '../../apimachinery/status.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createKeyedController, keyOf, splitKey } from './keyed-controller.ts';

const secretsResource = { group: '', version: 'v1', resource: 'secrets' } as const;
const configMapsResource = { group: '', version: 'v1', resource: 'configmaps' } as const;
const tokenType = 'bootstrap.kubernetes.io/token';
const tokenNamespace = 'kube-system';
const namePrefix = 'bootstrap-token-';
const infoNamespace = 'kube-public';
const infoName = 'cluster-info';
const signaturePrefix = 'jws-kubeconfig-';

function fieldOf({ data }: Secret, name: string): string {
  return Buffer.from(data?.[name] ?? '', 'base64').toString('utf8');
}

/** Milliseconds until a token ends: 0 for one that has, or says it in a way that cannot be read; undefined for none. */
export function tokenLifeLeft(secret: Secret, now: number): number | undefined {
  const text = fieldOf(secret, 'expiration');
  if (text === '') return undefined;
  const end = Date.parse(text);
  return Number.isNaN(end) ? 0 : Math.max(0, end - now);
}

function isBootstrapToken({ metadata, type }: Secret): boolean {
  return type === tokenType && metadata.namespace === tokenNamespace;
}

/** A detached signature of a text (RFC 7515, appendix F) with the secret half of a token, HS256. */
export function detachedSignature(content: string, id: string, secret: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: id })).toString('base64url');
  const payload = Buffer.from(content).toString('base64url');
  const signature = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  return `${header}..${signature}`;
}

/** Signs the cluster-info that new nodes read, with every token they may join by, so that they can trust it. */
export function createBootstrapSigner(context: ControllerContext): Controller {
  const secrets = context.informers.informer<Secret>(secretsResource);
  const configMaps = context.informers.informer<ConfigMap>(configMapsResource);
  return createKeyedController({
    name: 'bootstrap-signer-controller',
    context,
    workers: 1,
    register(queue) {
      const key = `${infoNamespace}/${infoName}`;
      const lookAtSecret = (secret: Secret): void => {
        if (isBootstrapToken(secret)) queue.add(key);
      };
      const lookAtInfo = (map: ConfigMap): void => {
        if (keyOf(map) === key) queue.add(key);
      };
      secrets.addHandler({ added: lookAtSecret, updated: lookAtSecret, deleted: lookAtSecret });
      configMaps.addHandler({ added: lookAtInfo, updated: lookAtInfo });
    },
    async sync() {
      const info = configMaps.get(infoNamespace, infoName);
      const content = info?.data?.['kubeconfig'];
      if (info === undefined || content === undefined) return;
      const kept = Object.entries(info.data ?? {}).filter(([name]) => !name.startsWith(signaturePrefix));
      const signatures = signingTokens(secrets.list(tokenNamespace), context.clock.now()).map(
        ([id, secret]) => [`${signaturePrefix}${id}`, detachedSignature(content, id, secret)] as const,
      );
      const data = Object.fromEntries([...kept, ...signatures]);
      if (equalJson(data, info.data ?? {})) return;
      try {
        await context.client.resource<ConfigMap>(configMapsResource, infoNamespace).update({ ...info, data });
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
      }
    },
  });
}

/** Ids and secrets of the tokens that sign. */
function signingTokens(secrets: readonly Secret[], now: number): (readonly [id: string, secret: string])[] {
  return secrets.flatMap((secret) => {
    const [id, value] = [fieldOf(secret, 'token-id'), fieldOf(secret, 'token-secret')];
    const isNamed = secret.metadata.name === `${namePrefix}${id}` && id !== '';
    const maySign = fieldOf(secret, 'usage-bootstrap-signing') === 'true' && tokenLifeLeft(secret, now) !== 0;
    return isBootstrapToken(secret) && isNamed && value !== '' && maySign ? [[id, value] as const] : [];
  });
}

/** Deletes tokens that new nodes join by when their time is over. */
export function createTokenCleaner(context: ControllerContext): Controller {
  const secrets = context.informers.informer<Secret>(secretsResource);
  return createKeyedController({
    name: 'token-cleaner-controller',
    context,
    register(queue) {
      const look = (secret: Secret): void => {
        if (isBootstrapToken(secret)) queue.add(keyOf(secret));
      };
      secrets.addHandler({ added: look, updated: look });
    },
    async sync(key, queue) {
      const { namespace, name } = splitKey(key);
      const secret = secrets.get(namespace, name);
      const left = secret === undefined ? undefined : tokenLifeLeft(secret, context.clock.now());
      if (secret === undefined || left === undefined) return;
      if (left > 0) {
        queue.addAfter(key, left);
        return;
      }
      try {
        const { uid = '' } = secret.metadata;
        await context.client.resource(secretsResource, namespace).delete(name, { preconditions: { uid } });
      } catch (error) {
        if (!hasReason(error, 'NotFound') && !hasReason(error, 'Conflict')) throw error;
      }
    },
  });
}
