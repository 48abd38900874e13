import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import type { HttpRequest, HttpResponse } from '../../src/apimachinery/http.ts';
import { fetchText } from '../../src/client/fetch-text.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { systemClock } from '../../src/system/clock.ts';
import { silentLogger } from '../../src/system/logger.ts';

const answer = (status: number, body: string, headers: HttpResponse['headers'] = {}): HttpResponse => ({
  status,
  headers,
  body: Buffer.from(body),
});

/** A plain HTTP server, and the paths it was asked for. */
async function served(
  context: TestContext,
  handle: (request: HttpRequest, count: number) => HttpResponse,
): Promise<{ url: string; paths: string[] }> {
  const paths: string[] = [];
  const listener = await listen({
    handle: async (request) => {
      paths.push(request.path);
      return handle(request, paths.length);
    },
    clock: systemClock,
    log: silentLogger,
  });
  context.after(() => listener.close());
  return { url: listener.url, paths };
}

/** Fetches on a clock that goes on by itself. */
async function fetched(url: string): Promise<string> {
  const clock = new FakeClock(0);
  const { signal } = new AbortController();
  const state = { isDone: false };
  const text = fetchText(url, { clock, signal, proxyFor: () => '' }).finally(() => {
    state.isDone = true;
  });
  text.catch(() => undefined);
  while (!state.isDone) {
    await clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return text;
}

void test('a text behind a URL, with its query and login, through redirects', async (context) => {
  const { url, paths } = await served(context, ({ path, headers }) =>
    path.startsWith('/old')
      ? answer(302, '', { location: '/new/file.yaml?raw' })
      : answer(200, `kind: ${String(headers['authorization'])}`),
  );
  const login = url.replace('://', '://me:secret@');
  assert.equal(await fetched(`${login}/x.yaml?token=1`), 'kind: Basic bWU6c2VjcmV0');
  assert.equal(await fetched(`${url}/old.yaml`), 'kind: undefined');
  assert.deepEqual(paths, ['/x.yaml?token=1', '/old.yaml', '/new/file.yaml?raw']);
});

void test('what the server cannot give just now is asked for three times, what it does not have once', async (context) => {
  const { url, paths } = await served(context, ({ path }, count) =>
    path === '/late' && count === 3 ? answer(200, 'at last') : answer(path === '/none' ? 404 : 503, ''),
  );
  assert.equal(await fetched(`${url}/late`), 'at last');
  await assert.rejects(fetched(`${url}/never`), {
    message: `unable to read URL "${url}/never", server reported 503 Service Unavailable, status code=503`,
  });
  await assert.rejects(fetched(`${url}/none`), {
    message: `unable to read URL "${url}/none", server reported 404 Not Found, status code=404`,
  });
  assert.deepEqual(paths, ['/late', '/late', '/late', '/never', '/never', '/never', '/none']);
});

void test('redirects without an end, places that are none and ports that cannot be are told of as by Go', async (context) => {
  const { url } = await served(context, ({ path }) => {
    if (path === '/loop') return answer(302, '', { location: '/loop' });
    if (path === '/nowhere') return answer(302, '', { location: 'http://[::bad' });
    return answer(404, '');
  });
  await assert.rejects(fetched(`${url}/loop`), { message: 'stopped after 10 redirects' });
  await assert.rejects(fetched(`${url}/nowhere`), {
    message: `failed to parse Location header "http://[::bad": parse "http://[::bad": missing ']' in host`,
  });
  await assert.rejects(fetched('http://127.0.0.1:99999/x'), { message: 'dial tcp: address 99999: invalid port' });
});
