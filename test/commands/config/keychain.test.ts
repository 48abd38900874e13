import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseYaml } from '../../../src/apimachinery/yaml.ts';
import { type Keychain, KeychainError } from '../../../src/system/keychain.ts';
import { nodeFileSystem } from '../../../src/system/node-file-system.ts';
import { type CommandRunner, commandRunner } from '../../support/run-command.ts';

/** A keychain in memory. */
function memoryKeychain(): { readonly secrets: Map<string, string>; readonly keychain: () => Promise<Keychain> } {
  const secrets = new Map<string, string>();
  const keychain: Keychain = {
    read: (account) => Promise.resolve(secrets.get(account)),
    write: (account, secret) => Promise.resolve(void secrets.set(account, secret)),
    remove: (account) => Promise.resolve(void secrets.delete(account)),
  };
  return { secrets, keychain: () => Promise.resolve(keychain) };
}

interface KeychainRunner extends CommandRunner {
  readonly secrets: Map<string, string>;
  readonly kubeconfig: () => unknown;
}

function runnerWithKeychain(context: TestContext): KeychainRunner {
  const { secrets, keychain } = memoryKeychain();
  const runner = commandRunner(context, { keychain });
  const kubeconfig = (): unknown => parseYaml(readFileSync(join(runner.home, '.kube', 'config'), 'utf8'));
  return { ...runner, secrets, kubeconfig };
}

void test('a token goes to the keychain, and the kubeconfig says how any kubectl gets it', async (context) => {
  const { run, secrets, kubeconfig } = runnerWithKeychain(context);
  assert.deepEqual(await run('config', 'set-credentials', 'admin', '--token=geheim', '--keychain'), {
    exitCode: 0,
    stdout: 'User "admin" set.\n',
    stderr: '',
  });
  const [account = ''] = secrets.keys();
  assert.match(account, /^admin@[0-9a-f]{12}$/);
  const { users } = kubeconfig() as { users: unknown };
  assert.deepEqual(users, [
    {
      name: 'admin',
      user: {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          args: ['credential-helper', account],
          command: 'kubectl-ts',
          env: null,
          installHint:
            'The credentials of this user are in the system keychain, and kubectl-ts hands them out: npm install -g kubectl-ts',
          interactiveMode: 'Never',
          provideClusterInfo: false,
        },
      },
    },
  ]);
  assert.deepEqual(await run('credential-helper', account), {
    exitCode: 0,
    stdout: '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"geheim"}}\n',
    stderr: '',
  });
});

void test('a client certificate goes there with its key, in the place of what the user had', async (context) => {
  const { run, secrets, home, kubeconfig } = runnerWithKeychain(context);
  writeFileSync(join(home, 'c.pem'), 'CERTIFICATE');
  writeFileSync(join(home, 'k.pem'), 'KEY');
  await run('config', 'set-credentials', 'admin', '--username=u', '--password=p');
  const set = await run(
    'config',
    'set-credentials',
    'admin',
    '--client-certificate=c.pem',
    '--client-key=k.pem',
    '--keychain',
  );
  assert.equal(set.stderr, '');
  assert.deepEqual([...secrets.values()], ['{"clientCertificate":"CERTIFICATE","clientKey":"KEY"}']);
  assert.doesNotMatch(JSON.stringify(kubeconfig()), /password|c\.pem|KEY/);
  const { stdout } = await run('credential-helper', [...secrets.keys()][0] ?? '');
  assert.deepEqual(JSON.parse(stdout), {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { clientCertificateData: 'CERTIFICATE', clientKeyData: 'KEY' },
  });
});

void test('the helper answers in the version that it is asked in, and tells what is missing', async (context) => {
  const { secrets, keychain } = memoryKeychain();
  secrets.set('a', '{"token":"t"}').set('foreign', 'x');
  const env = { KUBERNETES_EXEC_INFO: '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}' };
  const { run } = commandRunner(context, { keychain, env });
  assert.match((await run('credential-helper', 'a')).stdout, /"client\.authentication\.k8s\.io\/v1beta1"/);
  const stderr = async (...args: string[]): Promise<string> => (await run('credential-helper', ...args)).stderr;
  assert.equal(
    await stderr('b'),
    'error: the system keychain has no credentials for "b": give them again with kubectl-ts config set-credentials --keychain\n',
  );
  assert.equal(await stderr('foreign'), 'error: the keychain keeps something else under this name\n');
  assert.match(await stderr(), /^error: the name of one account is needed\n/);
});

void test('without a keychain nothing is written', async (context) => {
  const keychain = (): Promise<Keychain> => Promise.reject(new KeychainError('the system keychain cannot be reached'));
  const { run, home } = commandRunner(context, { keychain });
  const outcome = await run('config', 'set-credentials', 'admin', '--token=geheim', '--keychain');
  assert.deepEqual(outcome, { exitCode: 1, stdout: '', stderr: 'error: the system keychain cannot be reached\n' });
  assert.ok(!existsSync(join(home, '.kube', 'config')));
});

void test('a kubeconfig that cannot be written leaves the keychain as it was', async (context) => {
  const { secrets, keychain } = memoryKeychain();
  const files = {
    ...nodeFileSystem,
    writeFileAtomic: () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })),
  };
  const { run } = commandRunner(context, { keychain, files });
  assert.equal((await run('config', 'set-credentials', 'admin', '--token=geheim', '--keychain')).exitCode, 1);
  assert.deepEqual([...secrets], []);
});

void test('a user that is deleted takes its secret along', async (context) => {
  const { run, secrets } = runnerWithKeychain(context);
  await run('config', 'set-credentials', 'admin', '--token=geheim', '--keychain');
  await run('config', 'set-credentials', 'other', '--token=offen');
  assert.equal((await run('config', 'delete-user', 'other')).exitCode, 0);
  assert.equal(secrets.size, 1);
  assert.equal((await run('config', 'delete-user', 'admin')).exitCode, 0);
  assert.equal(secrets.size, 0);
});

const refused: readonly (readonly [readonly string[], string])[] = [
  [[], '--keychain needs a --token, or a --client-key with its --client-certificate'],
  [['--client-key=k'], '--keychain keeps a client certificate and its key together: give both'],
  [
    ['--username=u', '--password=p'],
    '--keychain cannot keep a password: credential plugins hand out tokens and client certificates, nothing else',
  ],
  [['--token=t', '--exec-command=x'], '--keychain and --exec-command exclude each other'],
  [
    ['--client-key=k', '--client-certificate=c'],
    'could not stat client-certificate file c: stat c: no such file or directory',
  ],
];

for (const [flags, message] of refused) {
  void test(`--keychain with ${flags.join(' ') || 'nothing'} is refused`, async (context) => {
    const { run, secrets, home } = runnerWithKeychain(context);
    const outcome = await run('config', 'set-credentials', 'admin', '--keychain', ...flags);
    assert.deepEqual(outcome, { exitCode: 1, stdout: '', stderr: `error: ${message}\n` });
    assert.equal(secrets.size, 0);
    assert.ok(!existsSync(join(home, '.kube', 'config')));
  });
}
