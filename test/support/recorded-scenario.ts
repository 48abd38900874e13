import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { listen } from '../../src/control-plane/apiserver/listen.ts';
import { FakeClock } from '../../src/system/fake-clock.ts';
import { silentLogger } from '../../src/system/logger.ts';
import { type CommandCluster, createCommandCluster } from './command-cluster.ts';
import { repositoryRoot } from './golden.ts';
import { realKubectl } from './real-kubectl.ts';
import type { CommandOutcome } from './run-command.ts';
import { storeManifests } from './stored-objects.ts';

/** Command lines, and the objects that the server has when they run. */
export interface RecordedScenario {
  /** `describe/pods`: the objects are test/recorded/describe/pods.yaml, what the real kubectl said pods.json. */
  readonly name: string;
  /** Each is one command line, split at spaces. */
  readonly commands: readonly string[];
}

/** What stands beside objects.yaml in the folder that the commands run in. */
const files: Readonly<Record<string, string>> = {
  'one.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n',
  'columns.txt': 'NAME   KIND\n.metadata.name   {.kind}\n',
  'template.txt': '{{range .items}}{{.metadata.name}};{{end}}\n',
  'path.txt': '{.items[*].metadata.name}\n',
  'empty.txt': '',
};

interface Recording {
  /** When it was recorded; ages are counted from there. */
  readonly at: string;
  readonly runs: Readonly<Record<string, CommandOutcome>>;
}

/**
 * Runs command lines and compares standard output, standard error and exit code with what the real kubectl was
 * recorded to say against the same server. With KUBECTL_TS_RECORD set the recording is made anew, by $KUBECTL_REAL.
 */
export async function checkScenario(context: TestContext, scenario: RecordedScenario): Promise<void> {
  const folder = join(repositoryRoot, 'test/recorded');
  const path = join(folder, `${scenario.name}.json`);
  const isNew = (process.env['KUBECTL_TS_RECORD'] ?? '') !== '';
  const recorded = isNew || !existsSync(path) ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as Recording);
  const clock = new FakeClock(recorded === undefined ? Date.now() : Date.parse(recorded.at));
  const cluster = await createCommandCluster(context, { api: { clock }, world: { clock } });
  const manifests = readFileSync(join(folder, `${scenario.name}.yaml`), 'utf8');
  await storeManifests(cluster.api, manifests);
  for (const [file, text] of Object.entries({ ...files, 'objects.yaml': manifests })) {
    writeFileSync(join(cluster.home, file), text);
  }
  if (isNew) {
    const runs = await record(context, cluster, scenario.commands);
    mkdirSync(dirname(path), { recursive: true });
    const recording: Recording = { at: new Date(clock.now()).toISOString(), runs };
    writeFileSync(path, `${JSON.stringify(recording, undefined, 2)}\n`);
    return;
  }
  assert.ok(recorded !== undefined, `${path} is not there: record it with KUBECTL_TS_RECORD=1 and KUBECTL_REAL=…`);
  for (const command of scenario.commands) {
    const expected = recorded.runs[command];
    assert.ok(expected !== undefined, `the command was not recorded: ${command}`);
    await context.test(command, async () => {
      const actual = await cluster.run(...words(command));
      for (const part of ['stderr', 'stdout', 'exitCode'] as const) {
        const difference = firstDifference(`${actual[part]}`.split('\n'), `${expected[part]}`.split('\n'));
        if (difference !== undefined) assert.fail(`${part} ${difference}`);
      }
    });
  }
}

/** Where texts part, with some lines of each; node's own comparison leaves out too much of long ones. */
function firstDifference(actual: readonly string[], expected: readonly string[]): string | undefined {
  const lines = Math.max(actual.length, expected.length);
  const at = Array.from({ length: lines }).findIndex((_, index) => actual[index] !== expected[index]);
  if (at < 0) return undefined;
  const shown = (text: readonly string[]): string =>
    text
      .slice(Math.max(0, at - 2), at + 6)
      .map((line) => JSON.stringify(line))
      .join('\n  ');
  return `differs in line ${at + 1}; it says\n  ${shown(actual)}\nwhere the real one says\n  ${shown(expected)}`;
}

/** Quotes keep words together. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => {
    return single ?? double ?? plain ?? '';
  });
}

async function record(
  context: TestContext,
  cluster: CommandCluster,
  commands: readonly string[],
): Promise<Record<string, CommandOutcome>> {
  const kubectl = realKubectl(context);
  assert.ok(kubectl !== undefined, 'recording needs the real kubectl');
  const listener = await listen({ handle: cluster.api.server.handle, clock: cluster.clock, log: silentLogger });
  context.after(() => listener.close());
  const kubeconfig = join(cluster.home, 'real-kubeconfig');
  const server = `http://127.0.0.1:${listener.port}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    users: [{ name: 'admin', user: { token: 'admin' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  // Messages tell the name of the program.
  const program = join(cluster.home, 'kubectl');
  symlinkSync(kubectl, program);
  const runs: Record<string, CommandOutcome> = {};
  for (const command of commands) {
    runs[command] = await runReal(program, [`--kubeconfig=${kubeconfig}`, ...words(command)], cluster.home);
  }
  return runs;
}

function runReal(kubectl: string, argv: readonly string[], home: string): Promise<CommandOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(kubectl, argv, { cwd: home, env: { HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
  });
}
