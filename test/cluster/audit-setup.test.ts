import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { auditSetup, type RunningAudit } from '../../src/cluster/audit-setup.ts';
import { parseApiServerArguments } from '../../src/cluster/api-server-arguments.ts';
import type { AuditEvent } from '../../src/control-plane/apiserver/audit/audit-event.ts';
import { FakeClock, settle } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';
import { seededRandom } from '../../src/system/random.ts';
import { temporaryFolder } from '../support/assembled-server.ts';

const time = '2026-01-01T00:00:00.000000Z';
const event = (auditID: string): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/',
  verb: 'get',
  user: {},
  requestReceivedTimestamp: time,
  stageTimestamp: time,
});

async function started(context: TestContext, ...flags: readonly string[]) {
  const folder = temporaryFolder(context);
  const policy = join(folder, 'policy.yaml');
  writeFileSync(policy, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n');
  const clock = new FakeClock();
  const given = [`audit-policy-file=${policy}`, ...flags.map((flag) => flag.replace('FOLDER', folder))];
  const audit = await auditSetup({
    arguments: parseApiServerArguments(given),
    files: nodeFileSystem,
    clock,
    random: seededRandom(1),
    log: silentLogger,
  });
  context.after(() => audit?.close());
  return { folder, clock, audit: audit as RunningAudit };
}

/** Flags, and what the real server 1.36 says of them. */
const refusals: readonly (readonly [flags: readonly string[], message: string])[] = [
  [
    [
      'audit-log-path=x',
      'audit-log-mode=foo',
      'audit-log-truncate-max-event-size=0',
      'audit-log-version=v2',
      'audit-log-format=xml',
      'audit-log-maxage=-1',
    ],
    '[invalid audit log mode foo, allowed modes are "batch,blocking,blocking-strict", invalid audit truncate log max event size 0, must be a positive number, invalid group version, allowed versions are ["audit.k8s.io/v1"], invalid audit log format xml, allowed formats are "legacy,json", --audit-log-maxage -1 can\'t be a negative number]',
  ],
  [
    ['audit-webhook-config-file=/nope', 'audit-webhook-batch-buffer-size=0', 'audit-webhook-truncate-max-batch-size=5'],
    '[invalid audit batch webhook buffer size 0, must be a positive number, invalid audit truncate webhook max batch size 5, must be greater than max event size (102400)]',
  ],
  [
    ['audit-webhook-config-file=/nope', 'audit-webhook-batch-throttle-qps=0'],
    'invalid audit batch webhook throttle QPS 0, must be a positive number',
  ],
  [
    ['audit-webhook-config-file=/nope', 'audit-webhook-batch-max-size=x'],
    'invalid argument "x" for "--audit-webhook-batch-max-size" flag: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [['audit-webhook-config-file=/nope'], 'initializing audit webhook: stat /nope: no such file or directory'],
];

for (const [flags, message] of refusals) {
  test(flags.join(' '), async (context) => {
    await assert.rejects(started(context, ...flags), { message });
  });
}

test('without a policy, or a place for events, nothing is audited', async (context) => {
  const { audit } = await started(context, 'audit-log-mode=foo');
  assert.equal(audit, undefined);
  const { audit: without } = await started(context, 'audit-log-path=FOLDER/a.log', 'audit-policy-file=');
  assert.equal(without, undefined);
});

test('a log is written at once, or as batches go', async (context) => {
  const { folder, audit } = await started(context, 'audit-log-path=FOLDER/a.log');
  assert.equal(await audit.sink.write(event('1')), true);
  assert.match(readFileSync(join(folder, 'a.log'), 'utf8'), /^{"kind":"Event".*"auditID":"1".*}\n$/);
  const batch = ['audit-log-mode=batch', 'audit-log-batch-max-size=2', 'audit-log-batch-max-wait=5s'];
  const later = await started(context, 'audit-log-path=FOLDER/a.log', ...batch);
  assert.equal(await later.audit.sink.write(event('2')), true);
  await settle();
  const path = join(later.folder, 'a.log');
  assert.equal(readFileSync(path, 'utf8'), '');
  await later.clock.advance(5000);
  await settle();
  assert.match(readFileSync(path, 'utf8'), /"auditID":"2"/);
});

test('a webhook is told in batches, and a log beside it', async (context) => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(
        `${request.url ?? ''} ${request.headers.authorization ?? ''} ${Buffer.concat(chunks).toString('utf8')}`,
      );
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(temporaryFolder(context), 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'a', cluster: { server: `http://127.0.0.1:${port}/audit` } }],
    users: [],
    contexts: [{ name: 'c', context: { cluster: 'a' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  const { folder, audit } = await started(
    context,
    `audit-webhook-config-file=${kubeconfig}`,
    'audit-log-path=FOLDER/a.log',
  );
  await audit.sink.write(event('1'));
  await audit.sink.write(event('2'));
  assert.deepEqual(bodies, []);
  await audit.close();
  assert.equal(bodies.length, 1);
  assert.match(bodies[0] ?? '', /^\/audit\?timeout=30s  {"kind":"EventList".*"auditID":"1".*"auditID":"2"/);
  assert.equal(readFileSync(join(folder, 'a.log'), 'utf8').split('\n').length, 3);
});
