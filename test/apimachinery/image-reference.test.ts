import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageNameProblem, parseImageReference } from '../../src/apimachinery/image-reference.ts';

const cases: readonly (readonly [name: string, problem?: string])[] = [
  ['busybox'],
  ['busybox:1.36'],
  ['BusyBox', 'invalid reference format: repository name (library/BusyBox) must be lowercase'],
  ['BusyBox:Tag', 'invalid reference format: repository name (library/BusyBox) must be lowercase'],
  ['busybox:TAG'],
  ['UPPER/img'],
  ['UPPER/Img', 'invalid reference format: repository name (Img) must be lowercase'],
  ['a/B/c:1', 'invalid reference format: repository name (a/B/c) must be lowercase'],
  ['a/b:bad/image:x:y', 'invalid reference format'],
  ['reg.example:5000/a/b:1'],
  ['reg.example:bad/a', 'invalid reference format'],
  ['localhost/a'],
  ['localhost:5000'],
  ['localhost'],
  ['index.docker.io/a'],
  ['docker.io/a'],
  ['a//b', 'invalid reference format'],
  ['a/', 'invalid reference format'],
  ['/a', 'invalid reference format'],
  [':tag', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  ['a@', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['a:b c', 'invalid reference format'],
  ['-a', 'invalid reference format'],
  ['a-', 'invalid reference format'],
  ['a--b'],
  ['a__b'],
  ['a___b', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a.b'],
  ['a.b/c'],
  ['é', 'invalid reference format'],
  ['http://x/y', 'invalid reference format'],
  ['[::1]:5000/x'],
  ['a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
  ['a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde', 'invalid checksum digest length'],
  ['a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef', 'invalid checksum digest format'],
  ['a@md5:0123456789abcdef0123456789abcdef', 'unsupported digest algorithm'],
  ['a@sha256:short', 'invalid reference format'],
  ['a:1@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'invalid checksum digest length'],
  [
    '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    'invalid repository name (0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef), cannot specify 64-byte hexadecimal strings',
  ],
  [
    'A@SHA256:0123456789abcdef0123456789abcdef',
    'invalid reference format: repository name (library/A@SHA256) must be lowercase',
  ],
  ['reg.example:5000/a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'],
  ['a:1:2', 'invalid reference format'],
  ['a/b/c/d:latest'],
  ['REG.example/A', 'invalid reference format: repository name (A) must be lowercase'],
  [`r.io/${'b'.repeat(255)}`],
  [`r.io/${'b'.repeat(256)}`, 'repository name must not be more than 255 characters'],
  [`a/${'b'.repeat(300)}`, 'repository name must not be more than 255 characters'],
  [`a:${'t'.repeat(129)}`, 'invalid reference format'],
];

for (const [name, problem] of cases) {
  test(`the name of an image: ${name}`, () => assert.equal(imageNameProblem(name), problem));
}

const parts: readonly (readonly [name: string, repository: string, tag: string, digest?: string])[] = [
  ['nginx', 'docker.io/library/nginx', 'latest'],
  ['nginx:1.29', 'docker.io/library/nginx', '1.29'],
  ['team/app', 'docker.io/team/app', 'latest'],
  ['localhost:5000/pause:testing', 'localhost:5000/pause', 'testing'],
  ['localhost:5000/pause', 'localhost:5000/pause', 'latest'],
  ['reg.io/a/b@sha256:ab', 'reg.io/a/b', 'latest', 'sha256:ab'],
  ['reg.io/a/b:1@sha256:ab', 'reg.io/a/b', '1', 'sha256:ab'],
];

for (const [name, repository, tag, digest] of parts) {
  test(`the parts of the name of an image: ${name}`, () => {
    assert.deepEqual(parseImageReference(name), { repository, tag, digest });
  });
}
