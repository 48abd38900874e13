import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  reviewEndpoints,
  type ReviewEndpointsOptions,
} from '../../src/control-plane/apiserver/registry/review-endpoints.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

/** PEM of a request for CN=test, in base64. */
const signingRequest =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISk1IRUNBUUF3RHpFTk1Bc0dBMVVFQXd3RWRHVnpkREJaTUJNR0J5cUdTTTQ5QWdFR0NDcUdTTTQ5QXdFSApBMElBQklHNHpLMmk1VldvNEU5dFVXL1BDNlI4a3JHVnBYTmJOKzViYWo3bGo1YnFPY1pnQzdKVzUrTmMyV2tRClFyUTNPMzZxTkF5N2dwbDZRSWY5R2tCQW9vU2dBREFLQmdncWhrak9QUVFEQWdOSUFEQkZBaUVBeGxmemE5L1UKR0E2Ymszc0k5YUVEd2Izc2Uyd0dIaFYrbHNacE9mcXN3U2dDSURrdFhaR1JlRUZjQ3ZSUEpGVnMvMGN2cGtFNQp0eC84RXRrVXMwajdwQUJiCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

const nodes = { group: '', version: 'v1', resource: 'nodes' } as const;

void test('cordon and uncordon set whether a node takes pods, and say when it is so already', async (context) => {
  const cluster = await createCommandCluster(context);
  const client = cluster.api.client.resource(nodes);
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', labels: { a: 'b' } } });
  const says = async (text: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run(...argv), { exitCode: 0, stdout: text, stderr: '' });
  const unschedulable = async (): Promise<unknown> => {
    const { spec } = (await client.get('n1')) as { spec?: { unschedulable?: boolean } };
    return spec?.unschedulable;
  };
  await says('node/n1 cordoned (dry run)\n', 'cordon', 'n1', '--dry-run=client');
  await says('node/n1 cordoned (server dry run)\n', 'cordon', 'n1', '--dry-run=server');
  assert.equal(await unschedulable(), undefined);
  await says('node/n1 cordoned\n', 'cordon', 'n1');
  assert.equal(await unschedulable(), true);
  await says('node/n1 already cordoned\n', 'cordon', '-l', 'a=b');
  await says('node/n1 uncordoned\n', 'uncordon', 'node/n1');
  assert.equal(await unschedulable(), undefined);
  await says('node/n1 already uncordoned\n', 'uncordon', 'n1');
});

void test('cordon refuses what it cannot work with', async (context) => {
  const cluster = await createCommandCluster(context);
  const fails = async (text: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run(...argv), { exitCode: 1, stdout: '', stderr: text });
  const hint = "See 'kubectl cordon -h' for help and examples\n";
  await fails(`error: USAGE: cordon NODE [flags]\n${hint}`, 'cordon');
  await fails(`error: cannot specify both a node name and a --selector option\n${hint}`, 'cordon', 'n1', '-l', 'a=b');
  for (const command of ['cordon', 'uncordon', 'drain']) {
    const nothing = /^error: You must provide one or more resources by argument or filename\.\n/;
    assert.match((await cluster.run(command, '--selector=')).stderr, nothing, command);
  }
  await fails('Error from server (NotFound): nodes "none" not found\n', 'cordon', 'none');
  await cluster.run('create', 'configmap', 'x');
  await fails('error: expected resource of type node, got "/v1, Resource=configmaps"\n', 'cordon', 'configmap/x');
});

void test('certificate approve looks for nothing that lives in a namespace, and for nothing without a name', async (context) => {
  const cluster = await createCommandCluster(context);
  await cluster.run('create', 'configmap', 'a');
  const refusal = async (...names: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await cluster.run('certificate', 'approve', ...names);
    assert.deepEqual([exitCode, stdout], [1, '']);
    return stderr;
  };
  const namespaced = 'error: namespace may not be empty when retrieving a resource by name\n';
  assert.equal(await refusal('cm/a'), namespaced);
  assert.equal(await refusal('r', 'cm/a'), namespaced);
  assert.equal(await refusal(''), 'error: resource name may not be empty\n');
});

void test('certificate approve and deny decide once', async (context) => {
  const cluster = await createCommandCluster(context);
  const resource = { group: 'certificates.k8s.io', version: 'v1', resource: 'certificatesigningrequests' } as const;
  const client = cluster.api.client.resource(resource);
  await client.create({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'r' },
    spec: { request: signingRequest, signerName: 'example.com/signer', usages: ['client auth'] },
  });
  const name = 'certificatesigningrequest.certificates.k8s.io/r';
  assert.deepEqual(await cluster.run('certificate', 'approve', 'r'), {
    exitCode: 0,
    stdout: `${name} approved\n`,
    stderr: '',
  });
  const { status } = (await client.get('r')) as { status?: { conditions?: { type: string; reason: string }[] } };
  assert.deepEqual(
    status?.conditions?.map(({ type, reason }) => [type, reason]),
    [['Approved', 'KubectlApprove']],
  );
  const again = await cluster.run('certificate', 'approve', 'r');
  assert.equal(again.stdout, `${name} approved\n`);
  assert.deepEqual(await cluster.run('certificate', 'deny', 'r'), {
    exitCode: 1,
    stdout: '',
    stderr: 'error: certificate signing request "r" is already Approved\n',
  });
  const { stderr } = await cluster.run('certificate', 'deny');
  assert.equal(stderr, 'error: one or more CSRs must be specified as <name> or -f <filename>\n');
});

void test('auth whoami tells who the server takes one for', async (context) => {
  const cluster = await createCommandCluster(context, {
    // Who asks is told without the parts that answer other questions.
    api: { specialEndpoints: reviewEndpoints({} as ReviewEndpointsOptions) },
  });
  const { exitCode, stdout, stderr } = await cluster.run('auth', 'whoami');
  assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
  assert.match(stdout, /^ATTRIBUTE {3,}VALUE\nUsername {3,}\S+\n/);
  const json = await cluster.run('auth', 'whoami', '-o', 'json');
  assert.match(json.stdout, /^\{\n {4}"kind": "SelfSubjectReview",\n {4}"apiVersion": "authentication.k8s.io\/v1",\n/);
});
