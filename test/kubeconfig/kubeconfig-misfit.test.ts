import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { KubeconfigError, readKubeconfigFile } from '../../src/kubeconfig/kubeconfig.ts';
import { nodeFileSystem } from '../../src/system/node-file-system.ts';

/** Files, and what kubectl 1.36 says of them; nothing of those it reads. */
const recorded: readonly (readonly [text: string, message: string])[] = [
  [
    '{clusters: [{name: 1}]}',
    'json: cannot unmarshal number into Go struct field NamedCluster.clusters.name of type string',
  ],
  [
    '{clusters: {a: b}}',
    'json: cannot unmarshal object into Go struct field Config.clusters of type []v1.NamedCluster',
  ],
  ['{clusters: [5]}', 'json: cannot unmarshal number into Go struct field Config.clusters of type v1.NamedCluster'],
  [
    '{clusters: [{cluster: x}]}',
    'json: cannot unmarshal string into Go struct field NamedCluster.clusters.cluster of type v1.Cluster',
  ],
  [
    '{clusters: [{cluster: {server: 5}}]}',
    'json: cannot unmarshal number into Go struct field Cluster.clusters.cluster.server of type string',
  ],
  [
    '{clusters: [{cluster: {insecure-skip-tls-verify: "yes"}}]}',
    'json: cannot unmarshal string into Go struct field Cluster.clusters.cluster.insecure-skip-tls-verify of type bool',
  ],
  [
    '{clusters: [{cluster: {certificate-authority-data: 5}}]}',
    'json: cannot unmarshal number into Go struct field Cluster.clusters.cluster.certificate-authority-data of type []uint8',
  ],
  ['{clusters: [{cluster: {certificate-authority-data: "!"}}]}', 'illegal base64 data at input byte 0'],
  [
    '{users: [{user: {as-groups: x}}]}',
    'json: cannot unmarshal string into Go struct field AuthInfo.users.user.as-groups of type []string',
  ],
  [
    '{users: [{user: {as-groups: [1]}}]}',
    'json: cannot unmarshal number into Go struct field AuthInfo.users.user.as-groups of type string',
  ],
  [
    '{users: [{user: {as-user-extra: {a: b}}}]}',
    'json: cannot unmarshal string into Go struct field AuthInfo.users.user.as-user-extra of type []string',
  ],
  [
    '{users: [{user: {as-user-extra: {a: [1]}}}]}',
    'json: cannot unmarshal number into Go struct field AuthInfo.users.user.as-user-extra of type string',
  ],
  [
    '{users: [{user: {exec: {args: [1], env: [{name: 1}]}}}]}',
    'json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.args of type string',
  ],
  [
    '{users: [{user: {exec: x}}]}',
    'json: cannot unmarshal string into Go struct field AuthInfo.users.user.exec of type v1.ExecConfig',
  ],
  [
    '{users: [{user: {exec: {interactiveMode: 1}}}]}',
    'json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.interactiveMode of type v1.ExecInteractiveMode',
  ],
  [
    '{users: [{user: {auth-provider: {config: {a: 1}}}}]}',
    'json: cannot unmarshal number into Go struct field AuthProviderConfig.users.user.auth-provider.config of type string',
  ],
  [
    '{users: [{user: {token: [a]}}]}',
    'json: cannot unmarshal array into Go struct field AuthInfo.users.user.token of type string',
  ],
  [
    '{contexts: [{name: true, context: {namespace: 1}}]}',
    'json: cannot unmarshal number into Go struct field Context.contexts.context.namespace of type string',
  ],
  ['{contexts: x}', 'json: cannot unmarshal string into Go struct field Config.contexts of type []v1.NamedContext'],
  ['{current-context: 5}', 'json: cannot unmarshal number into Go struct field Config.current-context of type string'],
  [
    '{preferences: {colors: 1}}',
    'json: cannot unmarshal number into Go struct field Preferences.preferences.colors of type bool',
  ],
  ['{preferences: x}', 'json: cannot unmarshal string into Go struct field Config.preferences of type v1.Preferences'],
  [
    '{extensions: [{name: 1, extension: 5}]}',
    'json: cannot unmarshal number into Go struct field NamedExtension.extensions.name of type string',
  ],
  [
    '{kind: 5}',
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string",
  ],
  [
    '{apiVersion: 5}',
    "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .apiVersion of type string",
  ],
  [
    '{apiVersion: v1, kind: [a]}',
    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go struct field .kind of type string",
  ],
  [
    '[a]',
    'couldn\'t get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  ],
  [
    'x',
    'couldn\'t get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  ],
  [
    '5',
    'couldn\'t get version/kind; json parse error: json: cannot unmarshal number into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  ],
  ['{clusters: [null], users: null, current-context: null}', ''],
  ['{clusters: [{name: a, cluster: null}]}', ''],
  [
    '{current-context: 5, clusters: x}',
    'json: cannot unmarshal string into Go struct field Config.clusters of type []v1.NamedCluster',
  ],
  [
    '{current-context: 1.5}',
    'json: cannot unmarshal number into Go struct field Config.current-context of type string',
  ],
  ['{Clusters: x, foo: {a: b}}', ''],
  [
    '{users: [{user: {exec: {env: [{name: a, value: 5}]}}}]}',
    'json: cannot unmarshal number into Go struct field ExecEnvVar.users.user.exec.env.value of type string',
  ],
  [
    '{users: [{user: {exec: {env: [5]}}}]}',
    'json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.env of type v1.ExecEnvVar',
  ],
  [
    '{users: [{user: {exec: {provideClusterInfo: 1}}}]}',
    'json: cannot unmarshal number into Go struct field ExecConfig.users.user.exec.provideClusterInfo of type bool',
  ],
];

test('files with values of other types are refused in the words of the real kubectl', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-ts-kubeconfig-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'config');
  for (const [text, message] of recorded) {
    writeFileSync(file, text);
    const said = await readKubeconfigFile(nodeFileSystem, file, 'f').then(
      () => '',
      (error: unknown) => (error instanceof KubeconfigError ? error.message : String(error)),
    );
    assert.equal(said, message === '' ? '' : `error loading config file "f": ${message}`, text);
  }
});
