import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { createInProcessTransport } from '../../src/client/in-process-transport.ts';
import { createCommandCluster } from '../support/command-cluster.ts';

const names = ['one', 'two', 'three'];

void test('label and annotate read and change objects side by side, and tell of them in order', async (context) => {
  const cluster = await createCommandCluster(context);
  const files = names.map((name) => {
    const file = join(cluster.home, `${name}.yaml`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
    return ['-f', file];
  });
  await cluster.run('apply', ...files.flat());
  // Answers come when as many have been asked for as there are objects.
  let waiting: (() => void)[] = [];
  const transport = createInProcessTransport(async (request) => {
    const answer = await cluster.api.server.handle(request);
    const isOfOne = names.some((name) => request.path.startsWith(`/api/v1/namespaces/default/configmaps/${name}`));
    if (!isOfOne) return answer;
    const turn = new Promise<void>((resolve) => waiting.push(resolve));
    if (waiting.length === names.length) {
      // The last comes first.
      for (const go of waiting.toReversed()) go();
      waiting = [];
    }
    await turn;
    return answer;
  });
  const labeled = await cluster.runWith({ transport }, 'label', ...files.flat(), 'tier=gold', 'absent-');
  const missing = 'label "absent" not found.\n';
  assert.deepEqual(labeled, {
    stdout: names.map((name) => `${missing}configmap/${name} labeled\n`).join(''),
    stderr: '',
    exitCode: 0,
  });
  const annotated = await cluster.runWith({ transport }, 'annotate', 'configmaps', ...names, 'owner=me', '-o', 'name');
  assert.equal(annotated.stdout, names.map((name) => `configmap/${name}\n`).join(''));
  assert.deepEqual(waiting, []);
});
