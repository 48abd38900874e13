import type { ConfigMap } from '../../api/types/core-v1.ts';
import { messageOf } from '../../apimachinery/error-message.ts';
import type { JsonValue } from '../../apimachinery/json.ts';
import { parseJson } from '../../apimachinery/json-codec.ts';
import type { Client } from '../../client/client.ts';
import { type Authenticator, unionAuthenticator } from '../../control-plane/authentication/authenticator.ts';
import { clientCertificateAuthenticator } from '../../control-plane/authentication/client-certificate.ts';
import { requestHeaderAuthenticator } from '../../control-plane/authentication/request-header.ts';
import { reviewWebhook } from '../../control-plane/authentication/review-webhook.ts';
import { bearerTokenAuthenticator } from '../../control-plane/authentication/token-checker.ts';
import { webhookTokens } from '../../control-plane/authentication/webhook-token.ts';
import {
  type Authorizer,
  type AuthorizerChain,
  privilegedGroupAuthorizer,
  unionAuthorizer,
} from '../../control-plane/authorization/authorizer.ts';
import { webhookAuthorizer } from '../../control-plane/authorization/webhook-authorizer.ts';
import type { Clock } from '../../system/clock.ts';
import type { Random } from '../../system/random.ts';

/** Who may do what on an extension's API server: the cluster's own server says. */
export interface DelegatedAccess {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly authorizer: AuthorizerChain;
}

export interface DelegatedAccessOptions {
  /** Of the cluster's API server, with the rights of `system:auth-delegator`. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
}

const configMapName = 'extension-apiserver-authentication';
/** How long answers are remembered (the defaults of k8s.io/apiserver's delegating options). */
const rememberedMillis = 10_000;
const openPaths: readonly string[] = ['/healthz', '/livez', '/readyz'];

/**
 * Users as the front proxy names them, by client certificates and by tokens (TokenReview); what they may do is asked
 * for with a SubjectAccessReview.
 * @throws Error in the words of k8s.io/apiserver when the cluster does not say whose word to take
 */
export async function delegatedAccess({ client, clock, random }: DelegatedAccessOptions): Promise<DelegatedAccess> {
  const data = await readAuthentication(client);
  const names = (key: string): string[] => listOf(data[`requestheader-${key}`]);
  const lower = (key: string): string[] => names(key).map((name) => name.toLowerCase());
  const proxyAuthority = data['requestheader-client-ca-file'] ?? '';
  const clientAuthority = data['client-ca-file'] ?? '';
  const ask = (path: string): ReturnType<typeof reviewWebhook> => reviewWebhook({ client, path, clock, random });
  const tokens = webhookTokens({
    webhook: ask('/apis/authentication.k8s.io/v1/tokenreviews'),
    version: 'v1',
    apiAudiences: [],
    cacheMillis: rememberedMillis,
    clock,
  });
  const proxies =
    proxyAuthority === ''
      ? []
      : [
          requestHeaderAuthenticator({
            authorities: [proxyAuthority],
            allowedNames: names('allowed-names'),
            usernameHeaders: lower('username-headers'),
            uidHeaders: lower('uid-headers'),
            groupHeaders: lower('group-headers'),
            extraHeaderPrefixes: lower('extra-headers-prefix'),
            clock,
          }),
        ];
  const clients = clientAuthority === '' ? [] : [clientCertificateAuthenticator([clientAuthority], clock)];
  const openToAll: Authorizer = {
    authorize: async ({ isResourceRequest, path }) => {
      const isOpen = !isResourceRequest && openPaths.includes(path);
      return { decision: isOpen ? 'allow' : 'noOpinion', reason: '' };
    },
  };
  const asked = webhookAuthorizer({
    webhook: ask('/apis/authorization.k8s.io/v1/subjectaccessreviews'),
    version: 'v1',
    authorizedMillis: rememberedMillis,
    unauthorizedMillis: rememberedMillis,
    onFailure: 'noOpinion',
    clock,
  });
  return {
    authenticator: unionAuthenticator([...proxies, ...clients, bearerTokenAuthenticator(tokens, [])]),
    authorizer: unionAuthorizer([privilegedGroupAuthorizer, openToAll, asked]),
  };
}

async function readAuthentication(client: Client): Promise<Readonly<Record<string, string>>> {
  const configMaps = client.resource<ConfigMap>({ group: '', version: 'v1', resource: 'configmaps' }, 'kube-system');
  try {
    return (await configMaps.get(configMapName)).data ?? {};
  } catch (error) {
    throw new Error(`unable to load configmap based request-header-client-ca-file: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function listOf(text: string | undefined): string[] {
  const value: JsonValue = parseJson(Buffer.from(text ?? '[]'));
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
