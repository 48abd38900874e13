import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { HttpRequest } from '../../../src/apimachinery/http.ts';
import type { StatusError } from '../../../src/apimachinery/status.ts';
import { assembled } from '../../support/assembled-server.ts';
import { maxBodyBytes, readLimitedBody } from '../../../src/control-plane/apiserver/decoding/object-body.ts';

function requestOf(body: NonNullable<HttpRequest['body']>, length?: number): HttpRequest {
  const headers = length === undefined ? {} : { 'content-length': String(length) };
  return { method: 'POST', path: '/', headers, body };
}

test('a body is read to its end, whether it says its length or not', async () => {
  for (const length of [6, undefined]) {
    const body = Readable.from([Buffer.from('abc'), Buffer.from('def')], { objectMode: false });
    assert.equal(Buffer.from(await readLimitedBody(requestOf(body, length))).toString(), 'abcdef');
  }
  assert.equal((await readLimitedBody(requestOf(Buffer.from('abc')))).byteLength, 3);
});

test('a body that is too large is refused, whatever it says of its length', async () => {
  const tooLarge = Buffer.alloc(maxBodyBytes + 1);
  for (const [body, length] of [
    [tooLarge, undefined],
    [Readable.from([tooLarge], { objectMode: false }), undefined],
    [Readable.from([tooLarge], { objectMode: false }), tooLarge.byteLength],
  ] as const) {
    await assert.rejects(readLimitedBody(requestOf(body, length)), (error: StatusError) => error.code === 413);
  }
});

test('a body that ends early is an error, even when it ended before anybody read it', async () => {
  for (const length of [6, undefined]) {
    const gone = new Readable({ read: () => undefined });
    gone.destroy();
    await new Promise((resolve) => gone.once('close', resolve));
    await assert.rejects(readLimitedBody(requestOf(gone, length)));
    const going = new Readable({ read: () => undefined });
    going.push('abc');
    const reading = readLimitedBody(requestOf(going, length));
    setImmediate(() => going.destroy());
    await assert.rejects(reading);
  }
});

test('reviews of versions that are not served any more are told by their version, others by their kind', async (context) => {
  const cluster = await assembled(context, {});
  const post = async (apiVersion: string): Promise<string> => {
    const body = { apiVersion, kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await cluster.as('admin-token', 'POST', path, body);
    return String(answer.body['message']);
  };
  assert.equal(
    await post('authentication.k8s.io/v1beta1'),
    'the API version in the data (authentication.k8s.io/v1beta1) does not match the expected API version (authentication.k8s.io/v1)',
  );
  assert.match(await post('authentication.k8s.io/v2'), /no kind "SelfSubjectReview" is registered for version/);
});
