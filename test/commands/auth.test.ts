import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  reviewEndpoints,
  type ReviewEndpointsOptions,
} from '../../src/control-plane/apiserver/registry/review-endpoints.ts';
import type { ReviewAuthorizer, UserRules } from '../../src/control-plane/authorization/access-review.ts';
import { type CommandCluster, createCommandCluster } from '../support/command-cluster.ts';
import { testRecordedSession } from '../support/recorded-session.ts';

testRecordedSession('reconcile');

/** A server that allows to read, and nothing else. */
async function readersCluster(context: TestContext): Promise<CommandCluster> {
  const authorizer: ReviewAuthorizer = {
    decide: ({ verb, path }) =>
      Promise.resolve(
        verb === 'get' && path !== '/secret'
          ? { decision: 'allow', reason: 'may read' }
          : { decision: 'noOpinion', reason: verb === 'delete' ? 'only readers here' : '' },
      ),
  };
  const rules: UserRules = {
    rulesFor: () =>
      [
        { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'] },
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], resourceNames: ['web'] },
        { verbs: ['get'], nonResourceURLs: ['/healthz'] },
      ].map((rule) => ({ rule })),
  };
  // Only access is asked for, no tokens.
  const options = { authorizer, rules } as ReviewEndpointsOptions;
  return createCommandCluster(context, { api: { specialEndpoints: reviewEndpoints(options) } });
}

void test('auth can-i answers with yes or no, and with its exit code', async (context) => {
  const cluster = await readersCluster(context);
  const ends = async (exitCode: number, stdout: string, stderr: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run('auth', 'can-i', ...argv), { exitCode, stdout, stderr });
  await ends(0, 'yes\n', '', 'get', 'pods');
  await ends(0, 'yes\n', '', 'get', 'deploy/web', '--subresource=scale');
  await ends(0, '', '', 'get', 'pods', '-q');
  await ends(1, 'no - only readers here\n', '', 'delete', 'pods');
  await ends(1, 'no\n', '', 'create', 'pods');
  await ends(1, '', '', 'create', 'pods', '--quiet');
  await ends(0, 'yes\n', '', 'get', '/healthz');
  await ends(1, 'no\n', '', 'get', '/secret');
  await ends(0, 'yes\n', "Warning: the server doesn't have a resource type 'foo'\n\n", 'get', 'foo');
  await ends(0, 'yes\n', "Warning: the server doesn't have a resource type 'foo' in group 'bar'\n\n", 'get', 'foo.bar');
  await ends(0, 'yes\n', "Warning: resource 'nodes' is not namespace scoped\n\n", 'get', 'nodes');
  await ends(0, 'yes\n', '', 'get', 'nodes', '-A');
  await ends(1, 'no\n', "Warning: verb 'fly' is not a known verb\n\n", 'fly', 'pods');
  await ends(1, 'no\n', "Warning: verb 'fly' is not a known verb\n\n", 'fly', '/x');
});

void test('auth can-i --list shows what is allowed, a row for each resource and each path', async (context) => {
  const cluster = await readersCluster(context);
  assert.deepEqual(await cluster.run('auth', 'can-i', '--list'), {
    exitCode: 0,
    stdout:
      'Resources                Non-Resource URLs   Resource Names   Verbs\n' +
      'pods                     []                  [web]            [get list]\n' +
      '                         [/healthz]          []               [get]\n' +
      'deployments.apps/scale   []                  []               [get]\n' +
      'deployments.apps         []                  []               [get]\n',
    stderr: '',
  });
  const { stdout } = await cluster.run('auth', 'can-i', '--list', '--no-headers');
  assert.match(stdout, /^pods /);
});

void test('auth can-i refuses what it cannot ask', async (context) => {
  const cluster = await readersCluster(context);
  const fails = async (message: string, ...argv: string[]): Promise<void> =>
    assert.deepEqual(await cluster.run('auth', 'can-i', ...argv), {
      exitCode: 1,
      stdout: '',
      stderr: `error: ${message}\n`,
    });
  const two =
    "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.";
  await fails(two);
  await fails(two, 'get');
  await fails(two, 'get', 'pods', 'x');
  await fails('--subresource can not be used with NonResourceURL', 'get', '/x', '--subresource=y');
  await fails('--no-headers cannot be set without --list specified', 'get', 'pods', '--no-headers');
  await fails('list option must be specified with no arguments', '--list', 'x');
  const alone = "list option can't be specified with neither quiet, all-namespaces nor subresource options";
  await fails(alone, '--list', '-q');
  await fails(alone, '--list', '-A');
  await fails(alone, '--list', '--subresource=x');
});
