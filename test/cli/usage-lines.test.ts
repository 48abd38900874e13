import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandRunner } from '../support/run-command.ts';

/** What stands in the usage lines of kubectl 1.36, where it is not the usual. */
const usages: Readonly<Record<string, string>> = {
  auth: '[flags] [options]',
  certificate: 'SUBCOMMAND [options]',
  config: 'SUBCOMMAND [options]',
  'config get-contexts': '[(-o|--output=)name)] [options]',
  'config set-credentials':
    'NAME [--client-certificate=path/to/certfile] [--client-key=path/to/keyfile] [--token=bearer_token] [--username=basic_user] [--password=basic_password] [--auth-provider=provider_name] [--auth-provider-arg=key=value] [--exec-command=exec_command] [--exec-api-version=exec_api_version] [--exec-arg=arg] [--exec-env=key=value] [options]',
  create: '-f FILENAME [options]',
  'create ingress': 'NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
  'create secret': '(docker-registry | generic | tls) [options]',
  'create service': '[flags] [options]',
  kustomize: 'DIR [flags] [options]',
  plugin: '[flags] [options]',
  'port-forward': 'TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]',
  top: '[flags] [options]',
};

void test('usage lines say what those of kubectl 1.36 say', async (context) => {
  const { run } = commandRunner(context);
  for (const [path, usage] of Object.entries(usages)) {
    const { stdout } = await run(...path.split(' '), '--help');
    assert.equal(/^Usage:\n {2}(.*)$/m.exec(stdout)?.[1], `kubectl ${path} ${usage}`);
  }
});

void test('the list of global flags has no help of its own', async (context) => {
  const { run } = commandRunner(context);
  for (const line of [
    ['options', '--help'],
    ['help', 'options'],
    ['options', '-h'],
  ]) {
    assert.deepEqual(await run(...line), { exitCode: 0, stdout: '', stderr: '' });
  }
});
