import type { TestContext } from 'node:test';
import type { Event, Pod } from '../../src/api/types/core-v1.ts';
import { createInformerFactory } from '../../src/client/informer-factory.ts';
import { createSeriesEventRecorder } from '../../src/client/series-event-recorder.ts';
import { createScheduler } from '../../src/control-plane/scheduler/scheduler.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { seededRandom } from '../../src/system/random.ts';
import { testNode, type TestNode, testPod, type TestPodFacts } from './scheduling-cluster.ts';
import { createTestApiServer, type TestApiServer } from './test-api-server.ts';

const podsResource = { group: '', version: 'v1', resource: 'pods' } as const;

/** A scheduler at work, with an API server of its own. */
export interface SchedulerHarness {
  readonly api: TestApiServer;
  readonly clock: FakeClock;
  node(name: string, facts?: TestNode): Promise<void>;
  create(name: string, facts?: TestPodFacts): Promise<void>;
  pod(name: string): Promise<Pod>;
  /** The node a pod is on; '' for none. */
  placeOf(name: string): Promise<string>;
  events(name: string): Promise<string[]>;
  work(): Promise<void>;
}

/** Starts one; it ends with the test. */
export async function startScheduler(context: TestContext): Promise<SchedulerHarness> {
  const clock = new FakeClock();
  const api = await createTestApiServer({ clock });
  const { client } = api;
  const shared = { client, clock, random: seededRandom(4), log: silentLogger };
  const informers = createInformerFactory(shared);
  const reporter = { reportingController: 'default-scheduler', reportingInstance: 'default-scheduler-host' };
  const events = createSeriesEventRecorder({ client, ...reporter, clock });
  const scheduler = createScheduler({ ...shared, informers, events });
  informers.start();
  await informers.waitForSync();
  scheduler.start();
  context.after(async () => {
    await scheduler.stop();
    await informers.stop();
    await api.close();
  });
  const work = (): Promise<void> => settle(80);
  const pod = (name: string): Promise<Pod> => client.resource<Pod>(podsResource, 'default').get(name);
  return {
    api,
    clock,
    work,
    pod,
    async node(name, facts) {
      await api.create({ ...testNode(name, facts) });
      await work();
    },
    async create(name, facts) {
      const { metadata, ...rest } = testPod(name, facts);
      const { labels = {} } = metadata;
      await api.create({ ...rest, metadata: { name, labels } });
      await work();
    },
    placeOf: async (name) => (await pod(name)).spec?.nodeName ?? '',
    async events(name) {
      const { items } = await client
        .resource<Event>({ group: '', version: 'v1', resource: 'events' }, 'default')
        .list();
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ reason, message }) => `${reason ?? ''}: ${message ?? ''}`);
    },
  };
}
