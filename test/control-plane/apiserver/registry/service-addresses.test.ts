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
function setUp(existing: readonly Service[] = [], serviceRanges: readonly string[] = ['10.0.0.0/24']) {
  const hooks = serviceAddressHooks({
    serviceRanges,
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
      await reservation?.undo();
      throw new Error(errors.map(({ field, body }) => `${field}: ${body}`).join('\n'));
    }
    await reservation?.keep();
    serviceResource.settle?.(object);
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

const bothRanges = ['10.0.0.0/24', 'fd00:10::/112'];
const dual = (): ReturnType<typeof setUp> => setUp([], bothRanges);

/** What a service has of each family, chosen addresses by their family. */
function familiesOf(object: Unstructured): unknown[] {
  const { clusterIP, clusterIPs = [], ipFamilies, ipFamilyPolicy } = specOf(object);
  const shown = clusterIPs.map((address) =>
    /^10\.0\.0\.\d+$/.test(address) ? 'v4' : /^fd00:10::[0-9a-f]{1,4}$/.test(address) ? 'v6' : address,
  );
  assert.equal(clusterIP, clusterIPs[0]);
  return [shown, ipFamilies, ipFamilyPolicy];
}

void describe('services that name a host of elsewhere', () => {
  const elsewhere = { type: 'ExternalName', externalName: 'example.com' };

  void it('lose the address that the writer of the singular field alone repeats', async () => {
    const { write } = setUp();
    const headless = await write({ clusterIP: 'None', selector: { app: 'web' } });
    const external = specOf(await write({ clusterIP: 'None', selector: { app: 'web' }, ...elsewhere }, headless));
    assert.deepEqual([external.clusterIP, external.clusterIPs, external.ipFamilies], [undefined, undefined, undefined]);
  });

  for (const internalTrafficPolicy of ['Cluster', 'Local']) {
    void it(`may be given the traffic policy ${internalTrafficPolicy}, and do not keep it`, async () => {
      const { write } = setUp();
      const created = await write({ ...elsewhere, internalTrafficPolicy });
      assert.equal(specOf(created).internalTrafficPolicy, undefined);
      const changed = await write({ ...elsewhere, internalTrafficPolicy }, await write({ internalTrafficPolicy }));
      assert.equal(specOf(changed).internalTrafficPolicy, undefined);
    });
  }

  void it('are refused with a traffic policy that is none', async () => {
    assert.deepEqual(await refusal(setUp().write({ ...elsewhere, internalTrafficPolicy: 'Near' })), [
      'spec.internalTrafficPolicy: Unsupported value: "Near": supported values: "Cluster", "Local"',
    ]);
  });
});

// As kube-apiserver 1.36.2 answers with --service-cluster-ip-range=10.0.0.0/24,fd00:10::/112.
void describe('addresses of both families', () => {
  const both = ['IPv4', 'IPv6'] as const;
  const created: readonly [spec: ServiceSpec, expected: unknown[]][] = [
    [{}, [['v4'], ['IPv4'], 'SingleStack']],
    [{ ipFamilies: ['IPv6'] }, [['v6'], ['IPv6'], 'SingleStack']],
    [{ ipFamilyPolicy: 'PreferDualStack' }, [['v4', 'v6'], both, 'PreferDualStack']],
    [{ ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }, [['v6', 'v4'], ['IPv6', 'IPv4'], 'PreferDualStack']],
    [
      { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6', 'IPv4'] },
      [['v6', 'v4'], ['IPv6', 'IPv4'], 'RequireDualStack'],
    ],
    [{ clusterIP: 'fd00:10::50' }, [['v6'], ['IPv6'], 'SingleStack']],
    [
      { clusterIP: 'fd00:10::50', ipFamilyPolicy: 'RequireDualStack' },
      [['v6', 'v4'], ['IPv6', 'IPv4'], 'RequireDualStack'],
    ],
    [
      { clusterIP: 'None', selector: { a: 'b' }, ipFamilyPolicy: 'PreferDualStack' },
      [['None'], both, 'PreferDualStack'],
    ],
  ];
  for (const [spec, expected] of created) {
    void it(`gives out what ${JSON.stringify(spec)} asks for`, async () => {
      assert.deepEqual(familiesOf(await dual().write(spec)), expected);
    });
  }

  void it('a second family is added and let go by the policy', async () => {
    const { write, hooks } = dual();
    const single = await write({});
    const { clusterIP = '' } = specOf(single);
    const upgraded = await write({ ...specOf(single), ipFamilyPolicy: 'RequireDualStack' }, single);
    assert.deepEqual(familiesOf(upgraded), [['v4', 'v6'], both, 'RequireDualStack']);
    assert.equal(specOf(upgraded).clusterIP, clusterIP);
    const second = specOf(upgraded).clusterIPs?.[1] ?? '';
    assert.deepEqual(
      hooks.use().ranges.map(({ allocated }) => allocated),
      [1, 1],
    );
    const released = await write({ ...specOf(upgraded), ipFamilyPolicy: 'SingleStack' }, upgraded);
    assert.deepEqual(familiesOf(released), [['v4'], ['IPv4'], 'SingleStack']);
    assert.deepEqual(familiesOf(await write({ clusterIP: second })), [['v6'], ['IPv6'], 'SingleStack']);
  });

  void it('who would rather have both is not given another by a write of something else', async () => {
    const asked = { ipFamilyPolicy: 'PreferDualStack' };
    const single = await setUp().write(asked);
    assert.deepEqual(familiesOf(single), [['v4'], ['IPv4'], 'PreferDualStack']);
    const { write } = setUp([single], bothRanges);
    const changed = await write({ ...specOf(single), selector: { app: 'web' } }, single);
    assert.deepEqual(familiesOf(changed), [['v4'], ['IPv4'], 'PreferDualStack']);
  });

  const refused: readonly [spec: ServiceSpec, reason: string][] = [
    [
      { clusterIP: '10.0.0.50', clusterIPs: ['10.0.0.50', 'fd00:99::1'], ipFamilyPolicy: 'PreferDualStack' },
      'spec.clusterIPs: Invalid value: ["10.0.0.50","fd00:99::1"]: failed to allocate IP fd00:99::1: ' +
        'the provided network does not match the current range',
    ],
    [
      { clusterIP: '10.9.9.9', ipFamilyPolicy: 'PreferDualStack' },
      'spec.clusterIPs: Invalid value: ["10.9.9.9",""]: failed to allocate IP 10.9.9.9: ' +
        'the provided network does not match the current range',
    ],
    [
      { clusterIP: '10.0.0.50', clusterIPs: ['10.0.0.50', 'fd00:10::50'] },
      "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be 'RequireDualStack' or 'PreferDualStack' when " +
        'multiple cluster IPs are specified',
    ],
  ];
  for (const [spec, reason] of refused) {
    void it(`refuses ${JSON.stringify(spec)}, and nothing stays taken`, async () => {
      const { write, hooks } = dual();
      assert.deepEqual(await refusal(write(spec)), [reason]);
      assert.deepEqual(
        hooks.use().ranges.map(({ allocated }) => allocated),
        [0, 0],
      );
    });
  }

  void it('an address that is written in two ways is one', async () => {
    const { write } = dual();
    await write({ clusterIP: 'fd00:10::00ab' });
    assert.deepEqual(await refusal(write({ clusterIP: 'fd00:10::ab' })), [
      'spec.clusterIPs: Invalid value: ["fd00:10::ab"]: failed to allocate IP fd00:10::ab: provided IP is already allocated',
    ]);
  });

  void it('a dry run has the start of each range', async () => {
    const dryRun = { ...context, dryRun: true };
    const { write, hooks } = dual();
    const service = await write({ ipFamilyPolicy: 'RequireDualStack' }, undefined, dryRun);
    assert.deepEqual(specOf(service).clusterIPs, ['10.0.0.0', 'fd00:10::']);
    assert.deepEqual(
      hooks.use().ranges.map(({ allocated, available }) => [allocated, available]),
      [
        [0, 254],
        [0, 65_535],
      ],
    );
  });

  void it('a range of which all addresses are taken has none left', async () => {
    const { write } = setUp([], ['10.0.0.0/29']);
    for (let count = 0; count < 6; count++) await write({});
    await assert.rejects(write({}), /failed to allocate a serviceIP for Service "web": range is full$/);
  });
});

void it('what is stored is asked for again when it could not be read', async () => {
  let isDown = true;
  const hooks = serviceAddressHooks({
    serviceRanges: ['10.0.0.0/24'],
    random: seededRandom(1),
    clock: new FakeClock(),
    existing: () => (isDown ? Promise.reject(new Error('storage is down')) : Promise.resolve([])),
  });
  await assert.rejects(hooks.load(), /storage is down/);
  isDown = false;
  await hooks.load();
});
