import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { bundledApi } from './bundled-api.ts';
import { type CommandCluster, createCommandCluster } from './command-cluster.ts';
import { repositoryRoot } from './golden.ts';

/** Command lines in their order with what kubectl 1.36 answered to them. */
interface RecordedSession {
  /** Files of the working folder, which answers call $CWD, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Variables of the environment besides the home folder. */
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly RecordedStep[];
}

interface RecordedStep {
  readonly argv: readonly string[];
  /** Only brings about what later steps need; how it is answered does not matter. */
  readonly setup?: boolean;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const changing: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/(resourceVersion"?: ?"?)\d+/g, '$1<version>'],
  [/\b10\.\d+\.\d+\.\d+\b/g, '<address>'],
  [/(?<=\s)(\d+d)?(\d+h)?(\d+m)?\d+s(?=\s|$)/gm, '<age>'],
  // The cluster of the test is named by a flag, which shows where the command line is kept.
  [/ --kubeconfig=\S+\/kubeconfig/g, ''],
  [/^[WE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\] /gm, '<log> '],
];

function withoutChance(text: string): string {
  return changing.reduce((rest, [pattern, name]) => rest.replaceAll(pattern, name), text);
}

/**
 * Plays a session of test/commands/recorded against an API server in this process, and compares exit codes and both
 * streams but for what chance and time make.
 */
export function testRecordedSession(name: string, prepare?: (cluster: CommandCluster) => Promise<void>): void {
  void test(`${name}: answers as kubectl 1.36 does`, async (context) => {
    const path = join(repositoryRoot, 'test/commands/recorded', `${name}.json`);
    const session = JSON.parse(readFileSync(path, 'utf8')) as RecordedSession;
    const env: Record<string, string> = { ...session.env };
    const cluster = await createCommandCluster(context, { world: { env, bundledApi } });
    env['HOME'] = cluster.home;
    await prepare?.(cluster);
    for (const [file, content] of Object.entries(session.files)) {
      mkdirSync(dirname(join(cluster.home, file)), { recursive: true });
      writeFileSync(join(cluster.home, file), content);
    }
    for (const { argv, setup = false, exitCode, stdout, stderr } of session.steps) {
      const outcome = await cluster.run(...argv);
      if (setup) continue;
      await context.test(argv.join(' '), () => {
        const shownText = (text: string): string => withoutChance(text.replaceAll(cluster.home, '$CWD'));
        const shown = { ...outcome, stdout: shownText(outcome.stdout), stderr: shownText(outcome.stderr) };
        assert.deepEqual(shown, { exitCode, stdout: withoutChance(stdout), stderr: withoutChance(stderr) });
      });
    }
  });
}
