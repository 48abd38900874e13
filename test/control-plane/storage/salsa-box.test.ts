import assert from 'node:assert/strict';
import test from 'node:test';
import { openBox, sealBox } from '../../../src/control-plane/storage/salsa-box.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

test('a box is what NaCl makes of the message', () => {
  // From the tests that come with NaCl (secretbox.c).
  const key = bytes('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
  const nonce = bytes('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
  const message = bytes(
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  );
  const tag = 'f3ffc7703f9400e52a7dfb4b3d3305d9';
  const hidden =
    '8e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5';
  const box = sealBox(key, message, nonce);
  assert.equal(Buffer.from(box).toString('hex'), `${nonce.toString('hex')}${tag}${hidden}`);
  assert.deepEqual(Buffer.from(openBox(key, box) ?? []), message);
});

test('boxes of any length open again, changed ones do not', () => {
  const key = Buffer.alloc(32, 7);
  for (const length of [0, 1, 15, 16, 31, 32, 33, 64, 1000]) {
    const message = Buffer.alloc(length, length);
    const box = sealBox(key, message);
    assert.deepEqual(Buffer.from(openBox(key, box) ?? [1]), message, String(length));
    for (const place of [0, 24, box.byteLength - 1]) {
      const changed = Buffer.from(box);
      changed[place] = (changed[place] ?? 0) ^ 1;
      assert.equal(openBox(key, changed), undefined, `${length} at ${place}`);
    }
    assert.equal(openBox(Buffer.alloc(32, 8), box), undefined);
  }
  assert.throws(() => openBox(key, Buffer.alloc(39)), /shorter than the required size/);
});
