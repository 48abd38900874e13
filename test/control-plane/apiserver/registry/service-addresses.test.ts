import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../../../src/apimachinery/status.ts';
import type { Unstructured } from '../../../../src/apimachinery/object-meta.ts';
import { serviceResource } from '../../../../src/api/core/v1/service.ts';
import type { Service, ServiceSpec } from '../../../../src/api/types/core-v1.ts';
import { serviceAddressHooks } from '../../../../src/control-plane/apiserver/registry/service-addresses.ts';
import type { WriteContext } from '../../../../src/control-plane/apiserver/registry/store.ts';
import { FakeClock } from '../../../../src/system/fake-clock.ts';
import { seededRandom } from '../../../../src/system/random.ts';

const context = { subresource: '', dryRun: false } as unknown as WriteContext;
const ports = [{ port: 80, protocol: 'TCP', targetPort: 80 }];

/** Hooks over a store that holds these services, and a way to write through them. */
function setUp(existing: readonly Service[] = []) {
  const hooks = serviceAddressHooks({
    serviceRange: '10.0.0.0/24',
    random: seededRandom(1),
    clock: new FakeClock(),
    existing: () => Promise.resolve(existing),
  });
  const write = async (spec: ServiceSpec, old?: Unstructured, writing = context): Promise<Unstructured> => {
    const object: Unstructured = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: structuredClone({ ports, ...spec }),
    };
    serviceResource.setDefaults?.(object);
    if (old === undefined) serviceResource.strategy?.adjustForCreate?.(object);
    else serviceResource.strategy?.adjustForUpdate?.(object, old);
    const reservation =
      old === undefined ? await hooks.beginCreate?.(object, writing) : await hooks.beginUpdate?.(object, old, writing);
    const { strategy } = serviceResource;
    const errors =
      (old === undefined
        ? strategy?.validateCreate?.(object, writing)
        : strategy?.validateUpdate?.(object, old, writing)) ?? [];
    if (errors.length > 0) {
      reservation?.undo();
      throw new Error(errors.map(({ field, body }) => `${field}: ${body}`).join('\n'));
    }
    reservation?.keep();
    return object;
  };
  return { hooks, write };
}

const specOf = (object: Unstructured): ServiceSpec => object['spec'] as ServiceSpec;

async function refusal(writing: Promise<unknown>): Promise<string[]> {
  try {
    await writing;
  } catch (error) {
    if (!(error instanceof StatusError)) return error instanceof Error ? error.message.split('\n') : [];
    return (error.status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

void describe('addresses of services', () => {
  void it('gives out an address and says which family it is of', async () => {
    const { write } = setUp();
    const { clusterIP, clusterIPs, ipFamilies, ipFamilyPolicy } = specOf(await write({}));
    assert.match(clusterIP ?? '', /^10\.0\.0\.\d+$/);
    assert.deepEqual(
      { clusterIPs, ipFamilies, ipFamilyPolicy },
      {
        clusterIPs: [clusterIP],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
      },
    );
  });

  void it('refuses an address outside of the range, and one that is taken', async () => {
    const { write } = setUp();
    assert.deepEqual(await refusal(write({ clusterIP: '192.168.1.1' })), [
      'spec.clusterIPs: Invalid value: ["192.168.1.1"]: failed to allocate IP 192.168.1.1: the provided network does not match the current range',
    ]);
    await write({ clusterIP: '10.0.0.9' });
    assert.deepEqual(await refusal(write({ clusterIP: '10.0.0.9' })), [
      'spec.clusterIPs: Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is already allocated',
    ]);
  });

  void it('knows what stored services have', async () => {
    const stored = { metadata: {}, spec: { clusterIPs: ['10.0.0.9'], ports: [{ port: 1, nodePort: 30_100 }] } };
    const { write } = setUp([stored as unknown as Service]);
    assert.equal((await refusal(write({ clusterIP: '10.0.0.9' }))).length, 1);
    const asked = { type: 'NodePort', ports: [{ port: 80, nodePort: 30_100 }] };
    assert.deepEqual(await refusal(write(asked as ServiceSpec)), [
      'spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated',
    ]);
  });

  void it('what a write that failed or was a dry run took is free again', async () => {
    const { write } = setUp();
    assert.equal((await refusal(write({ clusterIP: '10.0.0.9', ports: [] }))).length, 1);
    await write({ clusterIP: '10.0.0.9' }, undefined, { ...context, dryRun: true });
    await write({ clusterIP: '10.0.0.9' });
  });

  void it('what is deleted or given up in an update is free again', async () => {
    const { hooks, write } = setUp();
    const first = await write({ clusterIP: '10.0.0.9' });
    await hooks.afterDelete?.(first, context);
    const second = await write({ clusterIP: '10.0.0.9', type: 'NodePort', ports: [{ port: 80, nodePort: 30_100 }] });
    const external = await write({ ...specOf(second), type: 'ExternalName', externalName: 'example.com' }, second);
    assert.deepEqual([specOf(external).clusterIP, specOf(external).ipFamilies], [undefined, undefined]);
    assert.equal(specOf(external).ports?.[0]?.nodePort, undefined);
    await write({ clusterIP: '10.0.0.9', type: 'NodePort', ports: [{ port: 80, nodePort: 30_100 }] });
  });

  void it('an update that leaves out what the server chose keeps it', async () => {
    const { write } = setUp();
    const first = await write({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    const again = await write({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' }, first);
    assert.deepEqual(specOf(again), specOf(first));
    assert.ok((specOf(first).healthCheckNodePort ?? 0) >= 30_000);
  });

  void it('the first address never changes', async () => {
    const { write } = setUp();
    const first = await write({ clusterIP: '10.0.0.9' });
    const changed = { clusterIP: '10.0.0.10', clusterIPs: ['10.0.0.10'] };
    assert.deepEqual(await refusal(write(changed, first)), [
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.10"]: may not change once set',
    ]);
  });

  void it('one port number serves two protocols of a service', async () => {
    const { write } = setUp();
    const both = ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 53,
      protocol,
      nodePort: 30_053,
    }));
    const service = await write({ type: 'NodePort', ports: both });
    assert.deepEqual(
      specOf(service).ports?.map(({ nodePort }) => nodePort),
      [30_053, 30_053],
    );
  });

  const families: readonly [title: string, spec: ServiceSpec, expected: readonly string[]][] = [
    [
      'two families of addresses',
      { ipFamilyPolicy: 'RequireDualStack' },
      [
        'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      ],
    ],
    [
      'a family that the cluster does not have',
      { ipFamilies: ['IPv6'] },
      ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
    ],
    [
      'one family, and two',
      { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] },
      [
        "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified",
      ],
    ],
    ['a family twice', { ipFamilies: ['IPv4', 'IPv4'] }, ['spec.ipFamilies[1]: Duplicate value: "IPv4"']],
    [
      'addresses of one family',
      { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7', '10.0.0.8'] },
      ['spec.clusterIPs: Invalid value: ["10.0.0.7","10.0.0.8"]: may specify no more than one IP for each IP family'],
    ],
    [
      'a node port of a service that has none',
      { ports: [{ port: 80, nodePort: 30_100 }] },
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    [
      'a policy for traffic from outside where there is none',
      { externalTrafficPolicy: 'Local' },
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
  ];
  for (const [title, spec, expected] of families) {
    void it(`refuses ${title}`, async () => {
      assert.deepEqual(await refusal(setUp().write(spec)), expected);
    });
  }

  void it('a headless service without a selector may have both families anywhere', async () => {
    const { write } = setUp();
    const open = specOf(await write({ clusterIP: 'None' }));
    assert.deepEqual([open.ipFamilies, open.ipFamilyPolicy], [['IPv4', 'IPv6'], 'RequireDualStack']);
    const chosen = specOf(await write({ clusterIP: 'None', selector: { app: 'web' } }));
    assert.deepEqual([chosen.ipFamilies, chosen.ipFamilyPolicy], [['IPv4'], 'SingleStack']);
  });
});
