import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Pod, Secret } from '../../../src/api/types/core-v1.ts';
import { createHostLocalNetwork } from '../../../src/node/cni/host-local-network.ts';
import type { ImageService, RuntimeService } from '../../../src/node/cri/runtime.ts';
import { createSimulatedRuntime } from '../../../src/node/cri/simulated-runtime.ts';
import { ImageAccess } from '../../../src/node/kubelet/image-access.ts';
import { dialPod } from '../../../src/node/kubelet/pod-network.ts';
import { mayUseImage, pullImage } from '../../../src/node/kubelet/pull-image.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../src/system/random.ts';
import { containerConfig, podSandbox } from '../../support/container-config.ts';

const hostIP = '192.168.64.2';
const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2';
const pause = 'localhost:5000/pause:testing';

/** A node where a pod of its network serves a registry. */
async function startRegistry(...args: readonly string[]): Promise<RuntimeService & ImageService> {
  const clock = new FakeClock();
  const dial = async (address: string, port: number): Promise<Duplex> => {
    const connection = await dialPod(runtime, { address, port }, { hostIP });
    if (connection === undefined) throw new Error(`dial tcp ${address}:${port}: connect: connection refused`);
    return connection;
  };
  const network = createHostLocalNetwork('10.244.0.0/24');
  const runtime = createSimulatedRuntime({ clock, random: seededRandom(1), network, hostIP, dial });
  await runtime.pullImage(agnhost);
  const sandbox = await runtime.runPodSandbox(podSandbox('registry', { hostNetwork: true }));
  await runtime.startContainer(await runtime.createContainer(sandbox, containerConfig({ image: agnhost, args })));
  await settle();
  return runtime;
}

function secret(name: string, login: string): Secret {
  const auth = Buffer.from(login).toString('base64');
  const config = JSON.stringify({ auths: { 'localhost:5000': { auth } } });
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'ns', uid: name },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  };
}

const secrets = [secret('right', 'user:password'), secret('wrong', 'user:no'), secret('same', 'user:password')];

function pod(...imagePullSecrets: readonly string[]): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'ns' },
    spec: { containers: [], imagePullSecrets: imagePullSecrets.map((name) => ({ name })) },
  };
}

const failed = `failed to pull and unpack image "${pause}": failed to resolve reference "${pause}"`;
const denied = 'pull access denied, repository does not exist or may require authorization';

const cases: readonly {
  readonly what: string;
  readonly secrets: readonly string[];
  readonly problem?: string;
}[] = [
  {
    what: 'without a secret',
    secrets: [],
    problem: `${failed}: ${denied}: authorization failed: no basic auth credentials`,
  },
  {
    what: 'with a wrong one',
    secrets: ['wrong'],
    problem: `${failed}: unexpected status from HEAD request to http://localhost:5000/v2/pause/manifests/testing: 401 Unauthorized`,
  },
  { what: 'with the right one', secrets: ['right'] },
  { what: 'with one of several', secrets: ['wrong', 'right'] },
];

for (const { what, secrets: names, problem } of cases) {
  test(`an image of a private registry in a pod, ${what}`, async () => {
    const runtime = await startRegistry('fake-registry-server', '--private');
    const context = {
      runtime,
      imageAccess: new ImageAccess(),
      secretOf: (_namespace: string, name: string) => secrets.find(({ metadata }) => metadata.name === name),
    };
    const pulled = pullImage(context, pod(...names), pause);
    if (problem !== undefined) {
      await assert.rejects(pulled, { message: problem });
      return;
    }
    await pulled;
    const image = await runtime.imageStatus(pause);
    assert.ok(image !== undefined);
    assert.match(image.repoDigests[0] ?? '', /^localhost:5000\/pause@sha256:[0-9a-f]{64}$/);
    const mayUse = (...held: readonly string[]): boolean => mayUseImage(context, pod(...held), pause, image);
    assert.deepEqual([mayUse(), mayUse('wrong'), mayUse('right'), mayUse('same')], [false, false, true, true]);
  });
}

test('images of an open registry are for all, those that it does not have for nobody', async () => {
  const runtime = await startRegistry('fake-registry-server');
  const context = { runtime, imageAccess: new ImageAccess(), secretOf: () => undefined };
  await pullImage(context, pod(), pause);
  const image = await runtime.imageStatus(pause);
  assert.ok(image !== undefined && mayUseImage(context, pod(), pause, image));
  const other = 'localhost:5000/pause:other';
  const message = `rpc error: code = NotFound desc = ${failed.replaceAll(pause, other)}: ${other}: not found`;
  await assert.rejects(pullImage(context, pod(), other), { message });
});

test('what serves no registry, or nothing, keeps no image from being had', async () => {
  const runtime = await startRegistry('netexec', '--http-port=5000');
  const context = { runtime, imageAccess: new ImageAccess(), secretOf: () => undefined };
  await pullImage(context, pod(), pause);
  await pullImage(context, pod(), 'localhost:5001/pause:testing');
  await pullImage(context, pod(), 'nginx');
  await assert.rejects(pullImage(context, pod(), 'nginx:nonexistent'), {
    message:
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:nonexistent": ' +
      'failed to resolve reference "docker.io/library/nginx:nonexistent": docker.io/library/nginx:nonexistent: not found',
  });
});
