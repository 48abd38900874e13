import assert from 'node:assert/strict';
import test from 'node:test';
import { everythingSelection } from '../../../../src/control-plane/apiserver/registry/selection.ts';
import { encodeStored } from '../../../../src/control-plane/apiserver/registry/stored-object.ts';
import {
  type FrameEncoder,
  WatchStream,
  type WatchPlan,
} from '../../../../src/control-plane/apiserver/registry/watch-stream.ts';
import type { StoredValue } from '../../../../src/control-plane/storage/storage.ts';
import { type FakeClock, settle } from '../../../../src/system/fake-clock.ts';
import { inServer, type TestApiServer } from '../../../support/test-api-server.ts';

const path = '/api/v1/namespaces/default/configmaps';

/** So many objects as a watch begins with. */
function values(count: number): readonly StoredValue[] {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default', uid: 'u' } };
  const value = encodeStored(object);
  return Array.from({ length: count }, (_, index) => ({
    key: `/registry/configmaps/default/c${index}`,
    value,
    modRevision: index + 1,
    createRevision: index + 1,
    version: 1,
  }));
}

/** Frames that tell what they are of. @param frameBytes how long those of events are */
function textEncoder(frameBytes = 0): FrameEncoder & { made: number } {
  return {
    made: 0,
    event: (type, value) => Buffer.from(`${type} ${value.modRevision}`.padEnd(frameBytes)),
    initial(value) {
      this.made++;
      return Buffer.from(`initial ${value.modRevision}`);
    },
    bookmark: (_revision, initialEventsEnd) => Buffer.from(initialEventsEnd ? 'end of initial' : 'bookmark'),
    error: (status) => Buffer.from(`error ${status.message ?? ''}`),
  };
}

async function startStream(
  api: TestApiServer,
  encoder: FrameEncoder,
  initial: readonly StoredValue[],
): Promise<WatchStream> {
  const resource = api.server.registry.find('', 'v1', 'configmaps') ?? assert.fail();
  const plan: WatchPlan = {
    namespace: 'default',
    selection: everythingSelection,
    fromRevision: api.storage.currentRevision(),
    initial,
    endInitialWithBookmark: true,
    bookmarks: true,
    timeoutMillis: 3_600_000,
  };
  const stream = new WatchStream(api.server.parts.storeOf(resource), plan, encoder, api.clock);
  await stream.start(new AbortController().signal);
  return stream;
}

function createConfigMap(api: TestApiServer, name: string): Promise<unknown> {
  return api.request('POST', path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
}

test('however many objects there are, a watch tells of all as fast as its client reads, and then of what came since', () =>
  inServer(async (api) => {
    const encoder = textEncoder();
    const stream = await startStream(api, encoder, values(30_000));
    await createConfigMap(api, 'new');
    await settle();
    const frames = stream[Symbol.asyncIterator]();
    assert.equal(String((await frames.next()).value), 'initial 1');
    assert.equal(encoder.made, 1);
    for (let index = 2; index <= 30_000; index++) assert.equal(String((await frames.next()).value), `initial ${index}`);
    assert.equal(String((await frames.next()).value), 'end of initial');
    assert.match(String((await frames.next()).value), /^ADDED \d+$/);
    await frames.return(undefined);
  }));

test('what cannot be told of the first objects ends the watch at their place', () =>
  inServer(async (api) => {
    const encoder: FrameEncoder = {
      ...textEncoder(),
      initial(value) {
        if (value.modRevision === 3) throw new Error('conversion failed');
        return Buffer.from(`initial ${value.modRevision}`);
      },
    };
    const stream = await startStream(api, encoder, values(5));
    await createConfigMap(api, 'new');
    await settle();
    const told: string[] = [];
    for await (const frame of stream) told.push(String(frame));
    assert.deepEqual(told, ['initial 1', 'initial 2', 'error conversion failed']);
  }));

test('a watcher that lets too much lie is told no more, and may read that for a while', () =>
  inServer(async (api) => {
    const clock = api.clock as FakeClock;
    const large = textEncoder(24 * 1024 * 1024);
    const [reads, comesLate] = [await startStream(api, large, []), await startStream(api, large, [])];
    for (const name of ['a', 'b', 'c', 'd']) await createConfigMap(api, name);
    await settle();
    const told = async (stream: WatchStream): Promise<string[]> => {
      const frames: string[] = [];
      for await (const frame of stream) frames.push(String(frame).split(' ')[0] ?? '');
      return frames;
    };
    assert.deepEqual(await told(reads), ['end', 'ADDED', 'ADDED', 'ADDED']);
    await clock.advance(60_000);
    assert.deepEqual(await told(comesLate), ['end']);
  }));
