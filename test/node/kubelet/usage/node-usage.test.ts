import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStats, ContainerStatus, PodSandbox } from '../../../../src/node/cri/runtime.ts';
import { NodeUsage } from '../../../../src/node/kubelet/usage/node-usage.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';

const sandbox = {
  id: 's',
  metadata: { name: 'web', namespace: 'default', uid: 'u', attempt: 0 },
  state: 'SANDBOX_READY',
  createdAt: 0,
} as PodSandbox;

/** A runtime whose containers have each used one second of a processor. */
class Containers {
  ids: readonly string[] = [];
  /** Happens while the use of containers is asked for. */
  meanwhile: () => Promise<void> = () => Promise.resolve();

  async listPodSandbox(): Promise<readonly PodSandbox[]> {
    return [sandbox];
  }

  async listContainers(): Promise<readonly ContainerStatus[]> {
    return this.ids.map(
      (id) => ({ id, podSandboxId: 's', state: 'CONTAINER_RUNNING', startedAt: 0 }) as ContainerStatus,
    );
  }

  async containerStats(): Promise<ContainerStats> {
    const { meanwhile } = this;
    this.meanwhile = () => Promise.resolve();
    await meanwhile();
    return { timestamp: 0, cpuSeconds: 1, memoryBytes: 1, writableLayerBytes: 0, logBytes: 0 };
  }
}

void test('processor time is kept when a container is removed, and counts once', async () => {
  const runtime = new Containers();
  const usage = new NodeUsage({ runtime, clock: new FakeClock() });
  const seconds = async (): Promise<number> => (await usage.measure()).allPods.cpuSeconds;
  runtime.ids = ['a', 'b'];
  assert.equal(await seconds(), 2);
  runtime.ids = ['b'];
  assert.equal(await seconds(), 2);
  // One starts, and ends, after the containers were listed.
  runtime.meanwhile = async () => {
    runtime.ids = ['b', 'c'];
    await usage.containerEnded('c', 'u');
  };
  assert.equal(await seconds(), 3);
  assert.equal(await seconds(), 3);
  runtime.ids = [];
  assert.equal(await seconds(), 3);
});
