import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browserOptions } from '../../src/cluster/browser-flags.ts';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

test('pages of allowed origins may read answers, browsers are told to come safely', async () => {
  const flags = new Map([
    ['cors-allowed-origins', '//example\\.com(:|$),^https://b\\.org$'],
    ['strict-transport-security-directives', 'max-age=31536000,includeSubDomains'],
  ]);
  const api = await createTestApiServer(browserOptions(flags));
  const cases = [
    ['http://example.com', 'http://example.com'],
    ['https://example.com:8443', 'https://example.com:8443'],
    ['https://b.org', 'https://b.org'],
    ['https://b.org.evil', undefined],
    ['http://www.example.com', undefined],
    ['', undefined],
  ] as const;
  for (const [origin, expected] of cases) {
    const { status, headers } = await api.request('GET', '/livez', undefined, origin === '' ? {} : { origin });
    assert.deepEqual([status, headers['access-control-allow-origin']], [200, expected], origin);
    assert.equal(headers['access-control-allow-credentials'], expected === undefined ? undefined : 'true');
    assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
  }
  const before = await api.request('OPTIONS', '/api/v1/pods', undefined, { origin: 'https://b.org' });
  assert.deepEqual([before.status, before.text], [204, '']);
  assert.equal(before.headers['access-control-allow-methods'], 'POST, GET, OPTIONS, PUT, DELETE, PATCH');
  assert.equal((await api.request('OPTIONS', '/api/v1/pods')).status, 405);
  await api.close();
});

test('flags for browsers that make no sense are refused in the real words', () => {
  assert.deepEqual(browserOptions(new Map()), {});
  const security = 'strict-transport-security-directives';
  const origins = '--cors-allowed-origins has an invalid regular expression';
  for (const [flag, value, message] of [
    [
      'cors-allowed-origins',
      '.*',
      `${origins}: regular expression does not pin to start/end of host in the origin header`,
    ],
    ['cors-allowed-origins', '^(a$', `${origins}: error parsing regexp: missing closing ): \`^(a$\``],
    [
      security,
      'max-age',
      '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
    ],
  ] as const) {
    assert.throws(
      () => browserOptions(new Map([[flag, value]])),
      (error) => error instanceof ComponentArgumentError && error.message === message,
      value,
    );
  }
});
