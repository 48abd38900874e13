import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createTestApiServer, type TestApiServer } from '../../../support/test-api-server.ts';

const container = (fields: object = {}): object => ({ name: 'c', image: 'img', ...fields });

describe('what is changed by the subresources of pods', () => {
  let server: TestApiServer;
  const path = '/api/v1/namespaces/default/pods/p';

  before(async () => {
    server = await createTestApiServer();
    await server.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [container()] },
    });
  });
  after(() => server.close());

  const patch = async (subresource: string, spec: object): Promise<{ status: number; message?: string }> => {
    const headers = { 'content-type': 'application/strategic-merge-patch+json' };
    const { status, body } = await server.request('PATCH', `${path}/${subresource}`, { spec }, headers);
    const { message } = body as { message?: string };
    return message === undefined ? { status } : { status, message };
  };

  it('adds ephemeral containers, and never changes one', async () => {
    assert.deepEqual(await patch('ephemeralcontainers', { ephemeralContainers: [{ name: 'dbg', image: 'busybox' }] }), {
      status: 200,
    });
    const { status, message } = await patch('ephemeralcontainers', {
      ephemeralContainers: [{ name: 'dbg', image: 'other' }],
    });
    assert.equal(status, 422);
    assert.equal(
      message,
      `Pod "p" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "dbg" may not be changed
@@ -1,6 +1,6 @@
 {
  "Name": "dbg",
- "Image": "busybox",
+ "Image": "other",
  "Command": null,
  "Args": null,
  "WorkingDir": "",
`,
    );
  });

  it('compares with the last one of a name', async () => {
    const operations = [{ op: 'add', path: '/spec/ephemeralContainers/0', value: { name: 'dbg', image: 'other' } }];
    const headers = { 'content-type': 'application/json-patch+json' };
    const { body } = await server.request('PATCH', `${path}/ephemeralcontainers`, operations, headers);
    assert.equal(
      (body as { message?: string }).message,
      'Pod "p" is invalid: spec.ephemeralContainers[1].name: Duplicate value: "dbg"',
    );
  });

  it('checks ephemeral containers as it checks others, besides what they may not have', async () => {
    assert.deepEqual(await patch('ephemeralcontainers', { ephemeralContainers: [{ name: 'c', image: 'x' }] }), {
      status: 422,
      message: 'Pod "p" is invalid: spec.ephemeralContainers[0].name: Duplicate value: "c"',
    });
    const odd = { name: 'e2', image: 'x', ports: [{ containerPort: 1 }], targetContainerName: 'zork' };
    assert.deepEqual(await patch('ephemeralcontainers', { ephemeralContainers: [odd] }), {
      status: 422,
      message:
        'Pod "p" is invalid: [spec.ephemeralContainers[0].targetContainerName: Not found: "zork", spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container]',
    });
  });

  it('resizes within a quality of service', async () => {
    assert.deepEqual(await patch('resize', { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] }), {
      status: 422,
      message:
        'Pod "p" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
    });
  });

  it('changes nothing but resources when resizing', async () => {
    assert.deepEqual(await patch('resize', { containers: [container({ image: 'zork' })] }), { status: 200 });
    const { body } = await server.request('GET', path);
    const { spec } = body as unknown as { spec: { containers: { image: string }[] } };
    assert.equal(spec.containers[0]?.image, 'img');
  });
});
