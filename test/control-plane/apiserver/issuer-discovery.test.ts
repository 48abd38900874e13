import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import { createIssuerDiscoveryRoute } from '../../../src/control-plane/apiserver/issuer-discovery.ts';
import { TokenKey } from '../../../src/pki/token-key.ts';
import { createTestApiServer, type TestApiServer } from '../../support/test-api-server.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = new TokenKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());

function serverOf(issuer: string): Promise<TestApiServer> {
  const jwksUri = (): string => 'https://10.0.0.1:6443/openid/v1/jwks';
  return createTestApiServer({ routes: [createIssuerDiscoveryRoute({ issuer, jwksUri, keys: [key.jsonWebKey()] })] });
}

void test('the issuer of service account tokens says what it is and shows its keys', async () => {
  const api = await serverOf('https://issuer.example');
  const about = await api.request('GET', '/.well-known/openid-configuration');
  assert.equal(
    about.text,
    '{"issuer":"https://issuer.example","jwks_uri":"https://10.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256"]}',
  );
  assert.equal(about.headers['content-type'], 'application/json');
  assert.equal(about.headers['cache-control'], 'public, max-age=3600');
  const keys = await api.request('GET', '/openid/v1/jwks/');
  assert.equal(keys.headers['content-type'], 'application/jwk-set+json');
  assert.match(
    keys.text,
    /^\{"keys":\[\{"use":"sig","kty":"EC","kid":"[\w-]+","crv":"P-256","alg":"ES256","x":"[\w-]+","y":"[\w-]+"\}\]\}$/,
  );
  const wrong = await api.request('GET', '/openid/v1/jwks', undefined, { accept: 'application/json' });
  assert.equal(wrong.status, 406);
  assert.equal(wrong.body['message'], '406: Not Acceptable\n\nAvailable representations: application/jwk-set+json');
  assert.equal((await api.request('POST', '/openid/v1/jwks', {})).status, 405);
  await api.close();
});

void test('an issuer without an https address cannot be discovered', async () => {
  const api = await serverOf('kubernetes/serviceaccount');
  assert.equal((await api.request('GET', '/.well-known/openid-configuration')).status, 404);
  await api.close();
});
