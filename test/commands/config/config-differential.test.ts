import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { realKubectl } from '../../support/real-kubectl.ts';
import { commandRunner } from '../../support/run-command.ts';

/** Command lines run one after the other by both programs in the same home folder; words are separated by spaces. */
interface Scenario {
  readonly name: string;
  readonly kubeconfig?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly steps: readonly string[];
}

const realistic = `apiVersion: v1
kind: Config
current-context: work
unknown: field
preferences: {colors: true}
clusters:
- name: z
  cluster: {server: "https://z:6443", certificate-authority-data: YWJj, extensions: [{name: e, extension: {a: 1}}]}
- name: a
  cluster: {server: "https://a:6443", insecure-skip-tls-verify: true, stray: 1}
contexts:
- {name: work, context: {cluster: a, user: me, namespace: ns}}
- {name: other, context: {cluster: z, user: you}}
- {name: broken, context: {cluster: none, user: none}}
users:
- {name: you, user: {client-certificate-data: YWJj, client-key-data: YWJj}}
- {name: me, user: {token: secret, as: boss, as-groups: [x]}}
- {name: plug, user: {exec: {command: p, apiVersion: client.authentication.k8s.io/v1beta1, args: [a]}}}
`;

const scenarios: readonly Scenario[] = [
  {
    name: 'an empty home',
    steps: [
      'config view',
      'config current-context',
      'config get-contexts',
      'config get-contexts -o name',
      'config get-clusters',
      'config get-users',
      'config use-context x',
      'config delete-context x',
      'config delete-cluster x',
      'config delete-user x',
      'config rename-context a b',
      'config unset current-context',
      'config set-cluster c --server=https://x',
      'config set-credentials u --username=a --password=b',
      'config set-credentials u --token=t',
      'config set-context k --cluster=c --user=u',
      'config use-context k',
      'config set-context --current --namespace=n',
      'config view',
      'config view --raw',
      'config get-contexts',
    ],
  },
  {
    name: 'reading',
    kubeconfig: realistic,
    steps: [
      'config view',
      'config view --raw',
      'config view --minify',
      'config view --minify --context other',
      'config view --minify --context nosuch',
      'config view --minify --context broken',
      'config view --flatten',
      'config view -o json',
      'config view -o kyaml',
      'config view -o name',
      'config view -o jsonpath={.clusters[*].name}',
      'config view -o xx',
      'config view --merge=false',
      'config view x',
      'config current-context',
      'config current-context --context other',
      'config get-contexts',
      'config get-contexts other',
      'config get-contexts other nosuch',
      'config get-contexts --no-headers',
      'config get-contexts -o name',
      'config get-contexts -o wide',
      'config get-clusters',
      'config get-users',
    ],
  },
  {
    name: 'changing',
    kubeconfig: realistic,
    steps: [
      'config set-cluster a --tls-server-name=n',
      'config set-cluster a --insecure-skip-tls-verify=false',
      'config set-cluster n --proxy-url=http://p --server=https://n',
      'config set-context work --user=you',
      'config set-context fresh',
      'config set-context',
      'config set-context --current work',
      'config rename-context work job',
      'config rename-context nosuch x',
      'config rename-context job other',
      'config rename-context one',
      'config use-context nosuch',
      'config use-context other',
      'config use other',
      'config use-context',
      'config set clusters.z.server https://new',
      'config set contexts.job.namespace q',
      'config set users.new.token t',
      'config set current-context job',
      'config set preferences.colors false',
      'config set clusters.z.certificate-authority-data eHl6',
      'config set clusters.z.certificate-authority-data %%%',
      'config set clusters.z.certificate-authority-data raw --set-raw-bytes',
      'config set clusters.z.insecure-skip-tls-verify maybe',
      'config set one',
      'config unset users.me.token',
      'config unset users.nosuch.token',
      'config unset contexts.job',
      'config unset contexts.nosuch',
      'config unset clusters',
      'config delete-user you',
      'config delete-user nosuch',
      'config delete-context other',
      'config delete-context nosuch',
      'config delete-cluster',
      'config nosuch',
      'config set-cluster',
      'config set-cluster a b',
      'config set-cluster a --nosuch',
      'config set-context x --cluster',
    ],
  },
  {
    name: 'credentials',
    kubeconfig: realistic,
    files: { 'ca.crt': 'ca', 'me.crt': 'crt', 'me.key': 'key' },
    steps: [
      'config set-credentials me --token=a --username=b',
      'config set-credentials me --username=b --password=c',
      'config set-credentials me --client-certificate=me.crt --client-key=me.key',
      'config set-credentials me --client-certificate=me.crt --client-key=me.key --embed-certs',
      'config set-credentials me --client-certificate=nosuch --embed-certs',
      'config set-credentials me --embed-certs',
      'config set-credentials new --exec-command=c --exec-api-version=client.authentication.k8s.io/v1',
      'config set-credentials new --exec-arg=a --exec-arg=b --exec-env=k=v --exec-interactive-mode=Never',
      'config set-credentials new --exec-env=k- --exec-provide-cluster-info',
      'config set-credentials new --exec-env=novalue',
      'config set-credentials new --exec-interactive-mode=Sometimes',
      'config set-credentials oidc --auth-provider=oidc --auth-provider-arg=a=b --auth-provider-arg=c=d',
      'config set-credentials oidc --auth-provider=oidc --auth-provider-arg=a-',
      'config set-cluster z --certificate-authority=ca.crt',
      'config set-cluster z --certificate-authority=ca.crt --embed-certs',
      'config set-cluster z --certificate-authority=nosuch --embed-certs',
      'config set-cluster z --certificate-authority=ca.crt --insecure-skip-tls-verify',
      'config set-credentials',
    ],
  },
  {
    name: 'several files',
    files: {
      one: 'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "https://one"}}]\n',
      two: 'apiVersion: v1\nkind: Config\ncurrent-context: k\nclusters: [{name: a, cluster: {server: "https://two"}}, {name: b, cluster: {server: "https://two"}}]\ncontexts: [{name: k, context: {cluster: b, user: u}}]\nusers: [{name: u, user: {client-key: sub/key}}]\n',
    },
    steps: [
      'KUBECONFIG=one:none:two config view',
      'KUBECONFIG=one:none:two config set-cluster b --server=https://changed',
      'KUBECONFIG=one:none:two config set-cluster new --server=https://new',
      'KUBECONFIG=one:none:two config set-context k --namespace=n',
      'KUBECONFIG=one:none:two config use-context k',
      'KUBECONFIG=one:none:two config delete-cluster a',
      'KUBECONFIG=one:none:two config current-context',
      'KUBECONFIG=none:fresh config set-cluster c --server=https://c',
      'config view --kubeconfig two',
      'config view --kubeconfig nosuch',
      'config set-cluster q --server=https://q --kubeconfig made',
    ],
  },
  {
    name: 'files that cannot be read',
    files: {
      list: '- a\n',
      torn: 'a: [\n',
      text: 'hello\n',
      typed: 'apiVersion: v1\nkind: Pod\n',
      twice: 'a: 1\na: 2\n',
    },
    steps: ['torn', 'typed', 'twice'].flatMap((file) => [
      `config view --kubeconfig ${file}`,
      `config set-cluster x --kubeconfig ${file}`,
    ]),
  },
];

function layOut(home: string, { kubeconfig, files = {} }: Scenario): void {
  for (const name of readdirSync(home)) rmSync(join(home, name), { recursive: true });
  const all = { ...files, ...(kubeconfig === undefined ? {} : { '.kube/config': kubeconfig }) };
  for (const [name, text] of Object.entries(all)) {
    const path = join(home, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
  }
}

/** Every file with its mode and content. */
function contents(home: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(home, { recursive: true }).map(String).sort()) {
    const path = join(home, name);
    if (!existsSync(path) || statSync(path).isDirectory()) continue;
    found[name] = `${(statSync(path).mode & 0o777).toString(8)}\n${readFileSync(path, 'utf8')}`;
  }
  return found;
}

/** Help texts are our own words; that there is one is the same. Lists of names alone come in any order from Go's maps. */
function comparable(step: string, stdout: string): string {
  if (stdout.includes('\nUsage:\n')) return '(help)';
  return /get-(clusters|users)/.test(step) ? stdout.split('\n').sort().join('\n') : stdout;
}

for (const scenario of scenarios) {
  void test(`config does what the real kubectl does: ${scenario.name}`, async (context) => {
    const kubectl = realKubectl(context);
    if (kubectl === undefined) return;
    const env: Record<string, string> = {};
    const { home, run } = commandRunner(context, { env });
    const outcomes = [];
    for (const who of ['real', 'ours']) {
      layOut(home, scenario);
      const log = [];
      for (const step of scenario.steps) {
        const words = step.split(' ');
        const setting = /^KUBECONFIG=(.*)$/.exec(words[0] ?? '')?.[1];
        delete env['KUBECONFIG'];
        Object.assign(env, { HOME: home, PATH: '/bin' }, setting === undefined ? {} : { KUBECONFIG: setting });
        const argv = setting === undefined ? words : words.slice(1);
        if (who === 'ours') {
          const { exitCode, stdout, stderr } = await run(...argv);
          log.push({ step, exitCode, stdout: comparable(step, stdout), stderr, files: contents(home) });
          continue;
        }
        const { status, stdout, stderr } = spawnSync(kubectl, argv, { cwd: home, env, encoding: 'utf8' });
        log.push({ step, exitCode: status, stdout: comparable(step, stdout), stderr, files: contents(home) });
      }
      outcomes.push(log);
    }
    const [real = [], ours = []] = outcomes;
    assert.equal(real.length, scenario.steps.length);
    for (const [index, expected] of real.entries()) {
      await context.test(expected.step, () => assert.deepEqual(ours[index], expected));
    }
  });
}
