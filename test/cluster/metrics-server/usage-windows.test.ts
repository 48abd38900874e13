import assert from 'node:assert/strict';
import test from 'node:test';
import type { UsePoint } from '../../../src/cluster/metrics-server/read-resource-metrics.ts';
import { UsageWindows } from '../../../src/cluster/metrics-server/usage-windows.ts';

/** @param seconds processor time */
function point(at: number, seconds: number, startedAt = 1000): UsePoint {
  return { startedAt, at: at * 1000, cpuNanoSeconds: seconds * 1e9, memoryBytes: 1024 };
}

type Containers = Readonly<Record<string, UsePoint>>;

/** What is told of a pod after some looks: its window, and what each container used. */
function told(looks: readonly Containers[], resolutionSeconds = 15): readonly unknown[] | undefined {
  const windows = new UsageWindows(resolutionSeconds * 1000);
  for (const containers of looks) {
    const pods = new Map([['default/web', new Map(Object.entries(containers))]]);
    windows.add(new Map([['node', { node: undefined, pods }]]));
  }
  const use = windows.ofPod('default/web');
  if (use === undefined) return undefined;
  return [
    use.at / 1000,
    use.windowMillis / 1000,
    ...use.containers.map(([name, { nanoCores }]) => [name, nanoCores / 1e9]),
  ];
}

const cases: readonly [what: string, looks: readonly Containers[], expected: readonly unknown[] | undefined][] = [
  ['one look tells nothing', [{ app: point(100, 5) }], undefined],
  ['two are an average', [{ app: point(100, 5) }, { app: point(110, 10) }], [110, 10, ['app', 0.5]]],
  ['a fresh container counts from its start', [{ app: point(13, 6, 1000) }], [13, 12, ['app', 0.5]]],
  ['but not a very fresh one', [{ app: point(9, 6, 1000) }], undefined],
  ['nor one that has run for longer than from look to look', [{ app: point(17, 6, 1000) }], undefined],
  [
    'a container that was started anew is another',
    [{ app: point(100, 5) }, { app: point(120, 1, 118_000) }],
    undefined,
  ],
  [
    'a value that is as old as the last one keeps the one before',
    [{ app: point(100, 5) }, { app: point(110, 10) }, { app: point(110, 10) }],
    [110, 10, ['app', 0.5]],
  ],
  ['all containers must be known', [{ app: point(100, 5) }, { app: point(110, 10), other: point(110, 1) }], undefined],
  [
    'the window is that of the first to have been looked at',
    [
      { app: point(100, 5), other: point(95, 0) },
      { app: point(110, 10), other: point(109, 7) },
    ],
    [109, 14, ['app', 0.5], ['other', 0.5]],
  ],
  ['less than before is left out', [{ app: point(100, 5) }, { app: point(110, 3) }], undefined],
];

for (const [what, looks, expected] of cases) void test(what, () => assert.deepEqual(told(looks), expected));

void test('nodes are told of after two looks, and forgotten when they are not seen', () => {
  const windows = new UsageWindows(15_000);
  const look = (node: UsePoint): void => windows.add(new Map([['node', { node, pods: new Map() }]]));
  look(point(100, 10, 0));
  assert.equal(windows.ofNode('node'), undefined);
  look(point(115, 40, 0));
  assert.deepEqual(windows.ofNode('node'), {
    at: 115_000,
    windowMillis: 15_000,
    nanoCores: 2_000_000_000,
    memoryBytes: 1024,
  });
  assert.ok(windows.isReady);
  windows.add(new Map());
  assert.deepEqual([windows.ofNode('node'), windows.isReady], [undefined, false]);
});
