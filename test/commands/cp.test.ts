import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '../../src/apimachinery/tar.ts';
import { unpackTree } from '../../src/commands/cp/unpack.ts';
import { createNodeCluster, type NodeCluster } from '../support/node-cluster.ts';

async function clusterWithPod(context: TestContext): Promise<NodeCluster> {
  const cluster = await createNodeCluster(context);
  await cluster.createPod('web', { containers: [{ name: 'a', image: 'nginx' }] });
  return cluster;
}

void test('cp copies a tree to a container and back', async (context) => {
  const cluster = await clusterWithPod(context);
  const { home } = cluster;
  const long = `${'n'.repeat(60)}/${'m'.repeat(60)}`;
  mkdirSync(join(home, 'src', long), { recursive: true });
  mkdirSync(join(home, 'src/empty'));
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256));
  writeFileSync(join(home, 'src/big'), bytes);
  writeFileSync(join(home, 'src', long, 'deep'), 'deep\n', { mode: 0o750 });
  symlinkSync('big', join(home, 'src/link'));
  assert.deepEqual(await cluster.run('cp', 'src', 'web:/tmp/new'), { exitCode: 0, stdout: '', stderr: '' });
  assert.match(
    (await cluster.run('exec', 'web', '--', 'ls', '-l', `/tmp/new/${long}`)).stdout,
    /^-rwxr-x---.* deep\n$/,
  );
  // Into a folder that is there.
  await cluster.run('cp', 'src', 'default/web:/tmp/new');
  assert.match((await cluster.run('exec', 'web', '--', 'ls', '/tmp/new/src')).stdout, /^big\nempty\nlink\n/);

  const back = await cluster.run('cp', 'web:/tmp/new/src', 'back');
  assert.deepEqual([back.exitCode, back.stdout], [0, '']);
  assert.equal(
    back.stderr,
    'warning: skipping symlink: "back/link" -> "big" (consider using "kubectl exec -n "" "web" -- tar cf - "/tmp/new/src" | tar xf -")\n',
  );
  assert.deepEqual(readdirSync(join(home, 'back')), ['big', 'empty', 'n'.repeat(60)]);
  assert.ok(readFileSync(join(home, 'back/big')).equals(bytes));
  assert.ok(statSync(join(home, 'back/empty')).isDirectory());
  assert.equal(readFileSync(join(home, 'back', long, 'deep'), 'utf8'), 'deep\n');

  await cluster.run('cp', 'web:/tmp/new/big', 'one', '--retries=3');
  assert.ok(readFileSync(join(home, 'one')).equals(bytes));
});

void test('cp says what it cannot copy', async (context) => {
  const cluster = await clusterWithPod(context);
  writeFileSync(join(cluster.home, 'f'), 'x');
  mkdirSync(join(cluster.home, 'folder'));
  const mismatch = 'error: filespec must match the canonical format: [[namespace/]pod:]file/path\n';
  const cases: readonly (readonly [argv: string, stderr: string, exitCode?: number, stdout?: string])[] = [
    ['a', 'error: source and destination are required\n'],
    ['a b', 'error: one of src or dest must be a remote file specification\n'],
    ['x:a y:b', 'error: one of src or dest must be a local file specification\n'],
    ['a/b/c:d e', mismatch],
    [':a b', mismatch],
    ['web: b', 'error: filepath can not be empty\n'],
    ['none web:/tmp/x', "error: none doesn't exist in local filesystem\n"],
    ['f none:/tmp/x', 'Error from server (NotFound): pods "none" not found\n'],
    ['f web:/x -c b', 'error: container b is not valid for pod web out of: a\n'],
    ['f web:/none/x', 'tar: /none: Cannot open: No such file or directory\ncommand terminated with exit code 1\n'],
    [
      'web:/none x',
      'command terminated with exit code 2\n',
      2,
      'tar: /none: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n',
    ],
    ['web:/etc/hostname folder', 'error: open folder: is a directory\n'],
    ['web:/etc/hostname f/x', 'error: mkdir f: not a directory\n'],
    ['web:/etc/hostname f/deep/x', 'error: mkdir f: not a directory\n'],
    ...noFoldersIn('/proc'),
  ];
  for (const [argv, stderr, exitCode = 1, stdout = ''] of cases) {
    assert.deepEqual(await cluster.run('cp', ...argv.split(' ')), { exitCode, stdout, stderr }, argv);
  }
});

/** What is said of a folder that takes no others in it, where there is one; Node's own way to make them never ends there. */
function noFoldersIn(path: string): readonly (readonly [argv: string, stderr: string])[] {
  if (!existsSync(join(path, 'self'))) return [];
  const reason = `error: mkdir ${path}/none: no such file or directory\n`;
  return [
    [`web:/etc ${path}/none`, reason],
    [`web:/etc ${path}/none/deeper`, reason],
  ];
}

/** An archive as a container may send it, whatever its tar is. */
async function* archive(
  entries: readonly (Partial<TarEntry> & { readonly name: string })[],
): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    const whole = { type: 'file', size: 2, mode: 0o644, modifiedMillis: 0, linkTarget: '', ...entry } as const;
    const size = whole.type === 'file' ? whole.size : 0;
    yield tarHeader({ ...whole, size });
    if (size > 0) yield Buffer.concat([Buffer.from('hi'), Buffer.alloc(tarPadding(size))]);
  }
  yield tarEnd;
}

void test('nothing of an archive is written outside the destination', async (context) => {
  const { home } = await createNodeCluster(context);
  const warnings: string[] = [];
  const options = {
    prefix: 'src',
    destination: 'in/dest',
    cwd: home,
    source: { namespace: 'n', pod: 'p', path: '/src' },
    warn: (text: string) => warnings.push(text),
  };
  await unpackTree(
    archive([
      { name: 'src/ok' },
      { name: 'src/../../outside' },
      { name: 'src/a/../../../outside' },
      { name: 'src../../outside' },
      { name: 'src/link', type: 'link', linkTarget: '../..' },
      { name: 'src/link/inside' },
      { name: 'src//deep/./er' },
    ]),
    options,
  );
  assert.deepEqual(
    readdirSync(home).filter((name) => name === 'outside'),
    [],
  );
  assert.ok(!existsSync(join(home, 'in/outside')));
  assert.deepEqual(readdirSync(join(home, 'in/dest')), ['deep', 'link', 'ok']);
  assert.ok(statSync(join(home, 'in/dest/link')).isDirectory(), 'the link was followed');
  assert.equal(warnings.filter((text) => text.endsWith('is outside target destination, skipping\n')).length, 3);
  assert.match(warnings.at(-1) ?? '', /^warning: skipping symlink: "in\/dest\/link" -> "\.\.\/\.\." \(consider/);
  await assert.rejects(unpackTree(archive([{ name: '/etc/passwd' }]), options), /tar contents corrupted/);
  await assert.rejects(unpackTree(archive([{ name: 'other' }]), options), /tar contents corrupted/);
});
