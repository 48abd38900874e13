import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { messageOf } from '../../../../apimachinery/error-message.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../apimachinery/json.ts';
import { parseJson } from '../../../../apimachinery/json-codec.ts';
import { ask } from '../http-request.ts';
import { MemoryFiles } from '../memory-files.ts';
import type { ProcessContext } from '../process-context.ts';
import { type InClusterConfig, inClusterConfig } from './in-cluster-api.ts';
import { textOf } from './json-fields.ts';
import { parseFlags } from './program-flags.ts';

/**
 * `agnhost test-service-account-issuer-discovery`: checks a mounted token by what its issuer publishes, as any service
 * that believes the cluster's tokens would (OpenID Connect Discovery 1.0).
 */
export async function runIssuerDiscovery(context: ProcessContext): Promise<number> {
  const flags = parseFlags(context.args.slice(1));
  const say = (text: string): Promise<void> => context.stderr.write(Buffer.from(`${text}\n`));
  try {
    const path = MemoryFiles.absolute(flags.get('token-path') ?? '', context.workingFolder);
    const token = Buffer.from(context.files.readFile(path)).toString('utf8').trim();
    await say('OK: Got token');
    await say('validating with in-cluster discovery');
    await validate(context, token, flags.get('audience') ?? '', say);
    return 0;
  } catch (error) {
    await say(`failed to validate with in-cluster discovery: ${messageOf(error)}`);
    return 1;
  }
}

async function validate(
  context: ProcessContext,
  token: string,
  audience: string,
  say: (text: string) => Promise<void>,
): Promise<void> {
  const [head = '', claimsPart = '', signature = ''] = token.split('.');
  const { alg, kid } = decodePart(head);
  const claims = decodePart(claimsPart);
  const issuer = textOf(claims['iss']);
  await say(`OK: got issuer ${issuer}`);
  const config = inClusterConfig(context);
  const provider = await fetchObject(context, config, `${issuer}/.well-known/openid-configuration`);
  if (provider['issuer'] !== issuer) {
    throw new Error(`oidc: issuer did not match the issuer returned by provider, expected ${JSON.stringify(issuer)}`);
  }
  await say(`OK: Constructed OIDC provider for issuer ${issuer}`);
  const { keys } = await fetchObject(context, config, textOf(provider['jwks_uri']));
  const key = (Array.isArray(keys) ? keys : []).filter(isJsonObject).find((candidate) => candidate['kid'] === kid);
  const audiences = listOf(claims['aud']);
  if (!audiences.includes(audience)) {
    throw new Error(`oidc: expected audience ${JSON.stringify(audience)} got ${JSON.stringify(audiences)}`);
  }
  if (Number(claims['exp']) * 1000 <= context.clock.now()) throw new Error('oidc: token is expired');
  const isKnown = alg === 'RS256' || alg === 'ES256';
  if (!isKnown) throw new Error(`oidc: id token signed with unsupported algorithm, got ${JSON.stringify(alg)}`);
  const isSigned =
    key !== undefined &&
    verify(
      'sha256',
      Buffer.from(`${head}.${claimsPart}`),
      { key: createPublicKey({ key: key as JsonWebKey, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
  if (!isSigned) throw new Error('failed to verify signature: failed to verify id token signature');
  await say('OK: Validated signature on JWT');
  await say('OK: Got valid claims from token!');
}

async function fetchObject(context: ProcessContext, config: InClusterConfig, url: string): Promise<JsonObject> {
  const { status, body } = await ask(context, {
    url,
    method: 'GET',
    body: undefined,
    headers: { authorization: `Bearer ${config.token}` },
    timeoutSeconds: 30,
    authority: config.authority,
  });
  const value = status === 200 ? parseJson(body) : null;
  if (isJsonObject(value)) return value;
  throw new Error(`${status}: ${body.toString('utf8')}`);
}

function decodePart(text: string): JsonObject {
  const value: JsonValue = parseJson(Buffer.from(text, 'base64url'));
  return isJsonObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): string[] {
  return (Array.isArray(value) ? value : [value ?? '']).map((item) => textOf(item));
}
