import assert from 'node:assert/strict';
import test from 'node:test';
import { parseLabelSelector } from '../../src/apimachinery/labels.ts';
import type { Unstructured } from '../../src/apimachinery/object-meta.ts';
import { claimObjects, controllerOf, controllerReference } from '../../src/client/controller-references.ts';
import { Expectations } from '../../src/client/expectations.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { createTestApiServer } from '../support/test-api-server.ts';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };

void test('an owner adopts orphans that match, releases what matches no more and leaves the rest', async () => {
  const api = await createTestApiServer();
  const make = (name: string, labels: Record<string, string>, extra: Record<string, unknown> = {}) =>
    api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels, ...extra } });
  const owner = await make('owner', {});
  const other = await make('other', {});
  const mine = { ownerReferences: [controllerReference(owner)] };
  const candidates = [
    await make('orphan', { app: 'x' }),
    await make('orphan-of-others', { app: 'y' }),
    await make('held', { app: 'x' }, mine),
    await make('strayed', { app: 'y' }, mine),
    await make('foreign', { app: 'x' }, { ownerReferences: [controllerReference(other)] }),
    await make('gone', { app: 'x' }),
  ];
  await api.client.resource(configMaps, 'default').delete('gone');
  let asked = 0;
  const options = {
    client: api.client,
    resource: configMaps,
    owner,
    selector: parseLabelSelector('app=x'),
    freshOwner: (): Promise<Unstructured> => {
      asked++;
      return Promise.resolve(owner);
    },
  };
  const claimed = await claimObjects(candidates, options);
  assert.deepEqual(
    claimed.map(({ metadata }) => metadata.name),
    ['orphan', 'held'],
  );
  assert.equal(asked, 1);
  const ownerOf = async (name: string): Promise<string | undefined> =>
    controllerOf(await api.client.resource(configMaps, 'default').get(name))?.name;
  assert.deepEqual(await Promise.all(['orphan', 'orphan-of-others', 'held', 'strayed', 'foreign'].map(ownerOf)), [
    'owner',
    undefined,
    'owner',
    undefined,
    'other',
  ]);

  const orphan = await make('late', { app: 'x' });
  const replaced = { ...owner, metadata: { ...owner.metadata, uid: 'another' } };
  const refused = await claimObjects([orphan], { ...options, freshOwner: () => Promise.resolve(replaced) });
  assert.deepEqual(refused, []);
  const stale = { ...orphan, metadata: { ...orphan.metadata, uid: 'old' } };
  assert.deepEqual(await claimObjects([stale], options), [], 'another of the same name is not the one that was seen');
  assert.equal(await ownerOf('late'), undefined);
  await api.close();
});

void test('expectations hold until everything was seen, or for five minutes', async () => {
  const clock = new FakeClock();
  const expectations = new Expectations(clock);
  assert.equal(expectations.satisfied('a'), true);
  expectations.expectCreations('a', 2);
  assert.equal(expectations.satisfied('a'), false);
  assert.equal(expectations.satisfied('b'), true);
  expectations.creationObserved('a');
  assert.equal(expectations.satisfied('a'), false);
  expectations.creationObserved('a');
  assert.equal(expectations.satisfied('a'), true);
  expectations.expectDeletions('a', ['u', 'v']);
  expectations.deletionObserved('a', 'u');
  expectations.deletionObserved('a', 'u');
  assert.equal(expectations.satisfied('a'), false);
  await clock.advance(300_000);
  assert.equal(expectations.satisfied('a'), false);
  await clock.advance(1);
  assert.equal(expectations.satisfied('a'), true);
  expectations.expectCreations('a', 1);
  expectations.forget('a');
  assert.equal(expectations.satisfied('a'), true);
});
