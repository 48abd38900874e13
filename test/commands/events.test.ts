import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { formatTime, type Unstructured } from '../../src/apimachinery/object-meta.ts';
import { memoryIOStreams } from '../../src/system/memory-io-streams.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';

async function clusterWithEvents(context: TestContext): Promise<CommandCluster> {
  const cluster = await createCommandCluster(context);
  const ago = (seconds: number): string => formatTime(cluster.clock.now() - seconds * 1000);
  const base = { apiVersion: 'v1', kind: 'Event', metadata: { namespace: 'default' } };
  const about = (kind: string, name: string, apiVersion: string): object => ({
    involvedObject: { kind, name, apiVersion, namespace: 'default' },
  });
  const events: Unstructured[] = [
    {
      ...base,
      metadata: { ...base.metadata, name: 'e1' },
      ...about('Pod', 'p1', 'v1'),
      reason: 'Started',
      message: '  it started \n',
      type: 'Normal',
      firstTimestamp: ago(3600),
      lastTimestamp: ago(60),
      count: 3,
    },
    {
      ...base,
      metadata: { ...base.metadata, name: 'e2' },
      ...about('Deployment', 'web', 'apps/v1'),
      reason: 'Bad',
      message: 'trouble',
      type: 'Warning',
      firstTimestamp: ago(90),
      lastTimestamp: ago(90),
      count: 1,
    },
    {
      ...base,
      metadata: { ...base.metadata, name: 'e3' },
      ...about('Pod', 'p2', 'v1'),
      reason: 'None',
      message: 'no time',
      type: 'Normal',
    },
  ];
  for (const event of events) await cluster.api.create(event);
  return cluster;
}

void test('events lists what happened, the oldest first, and filters by type and object', async (context) => {
  const cluster = await clusterWithEvents(context);
  const shows = async (stdout: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run('events', ...argv), { exitCode: 0, stdout, stderr: '' });
  await shows(
    'LAST SEEN           TYPE      REASON    OBJECT           MESSAGE\n' +
      '<unknown>           Normal    None      Pod/p2           no time\n' +
      '90s                 Warning   Bad       Deployment/web   trouble\n' +
      '60s (x3 over 60m)   Normal    Started   Pod/p1           it started\n',
  );
  await shows('90s   Warning   Bad   Deployment/web   trouble\n', '--types=warning', '--no-headers');
  await shows('90s   Warning   Bad   Deployment/web   trouble\n', '--for=deploy/web', '--no-headers');
  await shows(
    'NAMESPACE   LAST SEEN   TYPE     REASON   OBJECT   MESSAGE\n' +
      'default     <unknown>   Normal   None     Pod/p2   no time\n',
    '-A',
    '--for=pod/p2',
    '--chunk-size=1',
  );
  await shows('e3 e2 e1', '-o=jsonpath={.items[*].metadata.name}');
  await shows('', '-o=name');
});

void test('events as JSON have all fields of their type', async (context) => {
  const cluster = await clusterWithEvents(context);
  const { stdout } = await cluster.run('events', '--for', 'pod/p2', '-o', 'json');
  const list = JSON.parse(stdout) as { items: [Record<string, unknown>] };
  assert.deepEqual(Object.keys(list), ['kind', 'apiVersion', 'metadata', 'items']);
  const [{ metadata: _any, ...event }] = list.items;
  assert.deepEqual(event, {
    kind: 'Event',
    apiVersion: 'v1',
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p2', apiVersion: 'v1' },
    reason: 'None',
    message: 'no time',
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
    type: 'Normal',
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  });
});

void test('events tells what it does not understand, and when nothing happened', async (context) => {
  const cluster = await createCommandCluster(context);
  const ends = async (exitCode: number, stderr: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run('events', ...argv), { exitCode, stdout: '', stderr });
  await ends(0, 'No events found in default namespace.\n');
  await ends(0, 'No events found.\n', '-A');
  await ends(1, 'error: valid --types are Normal or Warning\n', '--types=Foo');
  await ends(1, 'error: --for must be in resource/name form\n', '--for=web');
  await ends(1, 'error: arguments in resource/name form may not have more than one slash\n', '--for=a/b/c');
  await ends(1, 'the server doesn\'t have a resource type "foo"\n', '--for=foo/web');
  const formats =
    'go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile,yaml';
  await ends(
    1,
    `error: unable to match a printer suitable for the output format "wide", allowed formats are: ${formats}\n`,
    '-owide',
  );
});

void test('events --watch shows what there is and what comes, but not what goes', async (context) => {
  const cluster = await clusterWithEvents(context);
  const stop = new AbortController();
  const events = cluster.api.client.resource({ group: '', version: 'v1', resource: 'events' }, 'default');
  const streams = memoryIOStreams();
  const watching = cluster.runWith({ signal: stop.signal, streams }, 'events', '--watch', '--types=Warning');
  await until(() => streams.stdout.includes('trouble'));
  await events.delete('e2');
  await cluster.api.create({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e4', namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'p9', apiVersion: 'v1', namespace: 'default' },
    reason: 'Worse',
    message: 'more trouble',
    type: 'Warning',
  });
  await until(() => streams.stdout.includes('more trouble'));
  stop.abort();
  assert.equal((await watching).exitCode, 1);
  assert.equal(
    streams.stdout,
    'LAST SEEN   TYPE      REASON   OBJECT           MESSAGE\n' +
      '90s         Warning   Bad      Deployment/web   trouble\n' +
      '<unknown>   Warning   Worse    Pod/p9           more trouble\n',
  );
});

/** Lets everything run until something holds. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
