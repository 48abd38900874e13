import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** The repository's root. */
export const repositoryRoot: string = process.env['KUBECTL_TS_ROOT'] ?? process.cwd();

const goldenFolder = join(repositoryRoot, '..', 'shared', 'golden');

/** Whether the recorded facts of the real program are on this machine. */
export function goldenAvailable(): boolean {
  return existsSync(goldenFolder);
}

/** Path of a golden file; undefined, and the test marked as skipped with a reason, when it is not there. */
export function goldenPath(context: TestContext, name: string): string | undefined {
  const path = join(goldenFolder, name);
  if (existsSync(path)) return path;
  context.skip(`../shared/golden/${name} is not on this machine`);
  return undefined;
}

/** A golden JSON file, parsed. */
export function goldenJson(context: TestContext, name: string): unknown {
  const path = goldenPath(context, name);
  return path === undefined ? undefined : JSON.parse(readFileSync(path, 'utf8'));
}

/** A golden text file. */
export function goldenText(context: TestContext, name: string): string | undefined {
  const path = goldenPath(context, name);
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
