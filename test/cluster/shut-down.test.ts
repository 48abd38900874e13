import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';
import { shutDown, shutdownSettings } from '../../src/cluster/shut-down.ts';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

/** A connection of HTTP/1.1, of which what came so far can be seen. */
class Connection {
  text = '';
  readonly closed: Promise<void>;
  readonly #socket;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => (this.text += chunk));
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.#socket.on('close', () => resolve()));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Waits until something has come. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await new Promise((resolve) => this.#socket.once('data', resolve));
  }
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"}}';
const post = `POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;

for (const sendsRetryAfter of [false, true]) {
  test(`the end of a server: ${sendsRetryAfter ? 'late requests are told to come again' : 'nobody listens after the delay'}`, async () => {
    const clock = new FakeClock();
    const api = await createTestApiServer({ clock });
    const listener = await listen({ handle: api.server.handle, clock, log: silentLogger });
    const [idle, watch, slow] = [
      new Connection(listener.port),
      new Connection(listener.port),
      new Connection(listener.port),
    ];
    idle.send(get('/livez'));
    watch.send(get('/api/v1/namespaces?watch=1'));
    slow.send(post + body.slice(0, 10));
    await Promise.all([idle.until(/ok$/), watch.until(/kube-system/)]);
    const ended = shutDown(api.server, listener, { delayMillis: 5000, sendsRetryAfter, watchGraceMillis: 0 }, clock);
    idle.text = '';
    idle.send(get('/readyz'));
    await idle.until(/shutdown failed/);
    idle.text = '';
    idle.send(get('/api/v1/namespaces/default'));
    await idle.until(/"name":"default"/);
    await clock.advance(5000);
    await watch.until(/\r\n0\r\n\r\n$/);
    if (sendsRetryAfter) {
      idle.text = '';
      idle.send(get('/api/v1/namespaces/default'));
      await idle.until(/please try again later/);
      assert.match(idle.text, /^HTTP\/1\.1 429 Too Many Requests\r\n/);
      assert.match(idle.text, /\r\nRetry-After: 5\r\n/);
      assert.match(idle.text, /\r\nConnection: close\r\n/);
    } else {
      const late = new Connection(listener.port);
      await late.closed;
      assert.equal(late.text, '');
    }
    slow.send(body.slice(10));
    await slow.until(/"name":"x"/);
    assert.match(slow.text, /^HTTP\/1\.1 201 Created\r\n/);
    await Promise.all([idle.closed, slow.closed, watch.closed]);
    await ended;
    await api.close();
  });
}

test('flags of the end that cannot be', () => {
  assert.deepEqual(shutdownSettings(new Map([['shutdown-delay-duration', '1m10s']])), {
    delayMillis: 70_000,
    sendsRetryAfter: false,
    watchGraceMillis: 0,
  });
  for (const [name, value] of [
    ['shutdown-delay-duration', '-1s'],
    ['shutdown-delay-duration', 'soon'],
    ['shutdown-send-retry-after', 'perhaps'],
    ['shutdown-watch-termination-grace-period', '-1s'],
  ] as const) {
    assert.throws(() => shutdownSettings(new Map([[name, value]])), ComponentArgumentError);
  }
});
