import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBody } from '../../../src/apimachinery/http.ts';
import type { FakeClock } from '../../../src/system/fake-clock.ts';
import { inServer, type TestApiServer } from '../../support/test-api-server.ts';

// What a real 1.36 server answered to the same requests.
const configMaps = '/api/v1/namespaces/default/configmaps';

async function makeThree(api: TestApiServer): Promise<void> {
  for (const name of ['a', 'b', 'c']) {
    await api.request('POST', configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  }
}

function token(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

test('numbers of a query: empty is none, all of 64 bits fit', () =>
  inServer(async (api) => {
    const cases: readonly [string, number, string?][] = [
      ['limit=', 400, 'strconv.ParseInt: parsing "": invalid syntax'],
      ['watch=1&timeoutSeconds=', 400, 'strconv.ParseInt: parsing "": invalid syntax'],
      ['limit=1.5', 400, 'strconv.ParseInt: parsing "1.5": invalid syntax'],
      ['limit=9223372036854775807', 200],
      ['limit=9223372036854775808', 400, 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
      ['limit=%2B1', 200],
    ];
    for (const [query, status, message] of cases) {
      const answer = await api.request('GET', `${configMaps}?${query}`);
      assert.equal(answer.status, status, query);
      assert.equal(answer.body['message'], message, query);
    }
  }));

test('resource versions: more than 64 bits, and a zero that is written otherwise', () =>
  inServer(async (api) => {
    await makeThree(api);
    const tooLong = '18446744073709551616';
    const text = `resourceVersion: Invalid value: "${tooLong}": strconv.ParseUint: parsing "${tooLong}": value out of range`;
    const list = await api.request('GET', `${configMaps}?resourceVersion=${tooLong}`);
    assert.equal(list.body['message'], `invalid resource version: ${text}`);
    const watch = await api.request('GET', `${configMaps}?watch=1&resourceVersion=${tooLong}`);
    assert.deepEqual([watch.status, watch.body['message']], [500, text]);
    const page = await api.request('GET', `${configMaps}?resourceVersion=00&limit=2`);
    assert.equal((page.body['items'] as unknown[]).length, 2);
    const exact = await api.request('GET', `${configMaps}?resourceVersion=00&resourceVersionMatch=Exact`);
    assert.equal((exact.body['items'] as unknown[]).length, 3);
  }));

test('continue tokens that are none, in the words of the decoders', () =>
  inServer(async (api) => {
    const invalid = 'invalid continue token: continue key is not valid: ';
    const cases: readonly [string, string][] = [
      ['e30=', `${invalid}illegal base64 data at input byte 3`],
      // The bytes begin with 81, which Go writes as an escape.
      ['garbage', `${invalid}invalid character '\\u0081' looking for beginning of value`],
      [
        token({ v: 'meta.k8s.io/v1', rv: 'x', start: 'c' }),
        `${invalid}json: cannot unmarshal string into Go struct field continueToken.rv of type int64`,
      ],
      [
        token('{"rv":1.5}'),
        `${invalid}json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64`,
      ],
      [
        token('{"start":1,"rv":"a"}'),
        `${invalid}json: cannot unmarshal number into Go struct field continueToken.start of type string`,
      ],
      [token({ v: 'meta.k8s.io/v1', rv: 1, start: '//c' }), `${invalid}//c`],
      [token({ v: 'meta.k8s.io/v1', rv: 1, start: 'c/../d' }), `${invalid}c/../d`],
      [token({ v: 'meta.k8s.io/v1', rv: 1, start: 'c/' }), `${invalid}c/`],
      [token({}), `${invalid}server does not recognize this encoded version `],
    ];
    for (const [text, message] of cases) {
      const answer = await api.request('GET', `${configMaps}?continue=${encodeURIComponent(text)}`);
      assert.deepEqual([answer.status, answer.body['message']], [400, message]);
    }
  }));

test('a continue token from the future', () =>
  inServer(async (api) => {
    const text = token({ v: 'meta.k8s.io/v1', rv: 999_999_999, start: 'c' });
    const answer = await api.request('GET', `${configMaps}?continue=${text}`);
    const current = api.storage.currentRevision();
    assert.equal(answer.status, 504);
    assert.equal(answer.body['message'], `Timeout: Too large resource version: 999999999, current: ${current}`);
    assert.equal((answer.body['details'] as { retryAfterSeconds?: number }).retryAfterSeconds, 1);
  }));

/** Everything that a watch of one second says. */
async function watched(
  api: TestApiServer,
  query: string,
): Promise<{ type: string; object: Record<string, unknown> }[]> {
  const answer = await api.open(`${configMaps}?watch=1&timeoutSeconds=1&${query}`);
  assert.equal(answer.status, 200);
  const whole = readBody(answer.body);
  await (api.clock as FakeClock).advance(2000);
  const lines = Buffer.from(await whole)
    .toString()
    .split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { type: string; object: Record<string, unknown> });
}

test('who watches from whatever there is, and wants bookmarks, is told where that ends', () =>
  inServer(async (api) => {
    await makeThree(api);
    const marks = async (query: string): Promise<number> => {
      const events = await watched(api, query);
      return events.filter(({ type, object }) => {
        const { annotations = {} } = object['metadata'] as { annotations?: Record<string, string> };
        return type === 'BOOKMARK' && annotations['k8s.io/initial-events-end'] === 'true';
      }).length;
    };
    assert.equal(await marks('allowWatchBookmarks=true'), 1);
    assert.equal(await marks('allowWatchBookmarks=true&resourceVersion=0'), 1);
    assert.equal(await marks('allowWatchBookmarks=true&resourceVersion=00'), 0);
    assert.equal(await marks('resourceVersion=0'), 0);
    assert.equal(
      await marks(
        'allowWatchBookmarks=true&resourceVersion=0&sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
      ),
      0,
    );
  }));

test('a watch that waits for a version to begin with is told within the stream that it did not come', () =>
  inServer(async (api) => {
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const events = await watched(api, `${query}&resourceVersion=99999999`);
    assert.deepEqual(events, [
      {
        type: 'ERROR',
        object: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: `Timeout: Too large resource version: 99999999, current: ${api.storage.currentRevision()}`,
          reason: 'Timeout',
          details: {
            causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
            retryAfterSeconds: 1,
          },
          code: 504,
        },
      },
    ]);
  }));

test('selectors are read before options are looked at, and the form of the answer comes last', () =>
  inServer(async (api) => {
    const single = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const cases: readonly [string, string, number, string][] = [
      ['labelSelector==a&resourceVersionMatch=Zork', '', 400, "found '=', expected: !, identifier, or 'end of string'"],
      ['fieldSelector=a&resourceVersionMatch=Zork', '', 400, "invalid selector: 'a'; can't understand 'a'"],
      [
        'resourceVersion=x',
        single,
        400,
        'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
      ],
      [
        '',
        single,
        406,
        'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)',
      ],
    ];
    for (const [query, accept, status, message] of cases) {
      const answer = await api.request('GET', `${configMaps}?${query}`, undefined, accept === '' ? {} : { accept });
      assert.deepEqual([answer.status, answer.body['message']], [status, message]);
    }
  }));

test('pages of events are pages at any version: they are not kept in memory', () =>
  inServer(async (api) => {
    const events = '/api/v1/namespaces/default/events';
    for (const name of ['a', 'b', 'c']) {
      await api.request('POST', events, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name },
        involvedObject: { namespace: 'default' },
      });
    }
    await makeThree(api);
    const count = async (path: string): Promise<number> =>
      ((await api.request('GET', `${path}?limit=2&resourceVersion=0`)).body['items'] as unknown[]).length;
    assert.deepEqual([await count(events), await count(configMaps)], [2, 3]);
  }));
