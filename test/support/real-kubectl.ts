import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';

interface Version {
  readonly clientVersion?: { readonly minor?: string };
}

/** The real kubectl of the version we follow: $KUBECTL_REAL, or the one on the PATH. Skips the test without one. */
export function realKubectl(context: TestContext): string | undefined {
  const path = process.env['KUBECTL_REAL'] ?? 'kubectl';
  if (path !== 'kubectl' && !existsSync(path)) {
    context.skip(`$KUBECTL_REAL names ${path}, which is not there`);
    return undefined;
  }
  const run = spawnSync(path, ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  const minor = run.status === 0 ? (JSON.parse(run.stdout) as Version).clientVersion?.minor : undefined;
  if (minor === '36') return path;
  context.skip('no real kubectl 1.36 here ($KUBECTL_REAL or on the PATH)');
  return undefined;
}
