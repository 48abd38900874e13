import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKubeletHarness } from '../../support/kubelet-harness.ts';

const host = { name: 'host', hostPath: { path: '/srv/vol' } };
const beside = { name: 'beside', hostPath: { path: '/srv/volume' } };
const mount = { name: 'host', mountPath: '/mnt' };

/** What an init container does in the volume, the path in it, and why the container that mounts that is not made. */
const cases: readonly [
  name: string,
  script: string,
  subPath: string,
  failure?: 'create subPath directory' | 'prepare subPath',
][] = [
  ['nothing there', 'true', 'a/b'],
  ['a file', 'mkdir a; touch a/b', 'a/b'],
  ['a link inside', 'mkdir real; ln -s real a', 'a/b'],
  ['a whole link inside', 'mkdir real; ln -s /srv/vol/real a', 'a'],
  ['a folder outside', 'ln -s /etc a', 'a', 'prepare subPath'],
  ['something new outside', 'ln -s /etc a', 'a/new', 'create subPath directory'],
  ['nothing outside', 'ln -s /none a', 'a', 'create subPath directory'],
  ['one folder up', 'ln -s ../ a', 'a', 'prepare subPath'],
  ['another whose name begins alike', 'ln -s /srv/volume a', 'a', 'prepare subPath'],
  ['below a file', 'touch a', 'a/b', 'create subPath directory'],
];

for (const [name, script, subPath, failure] of cases) {
  test(`a path in a volume: ${name}`, async (context) => {
    const harness = await createKubeletHarness();
    context.after(() => harness.close());
    const first = {
      name: 'first',
      image: 'busybox',
      command: ['sh', '-c', `cd /mnt; ${script}`],
      volumeMounts: [mount, { name: 'beside', mountPath: '/beside' }],
    };
    const main = { name: 'main', image: 'busybox', volumeMounts: [{ ...mount, subPath }] };
    const volumes = [host, beside];
    await harness.create('web', { spec: { initContainers: [first], containers: [main], volumes } });
    await harness.advance(1);
    const state = (await harness.pod('web')).status?.containerStatuses?.[0]?.state;
    if (failure === undefined) assert.ok(state?.running !== undefined, JSON.stringify(state));
    else {
      const message = `failed to ${failure} for volumeMount "host" of container "main"`;
      assert.deepEqual(state, { waiting: { reason: 'CreateContainerConfigError', message } });
    }
  });
}
