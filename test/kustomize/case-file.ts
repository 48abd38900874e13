import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/golden.ts';

/** A kustomization of the folder `cases`, with what the real kubectl 1.36 made of it. */
export interface KustomizeCase {
  readonly name: string;
  /** What stands after `kubectl kustomize`. */
  readonly args: readonly string[];
  /** The files by their paths. */
  readonly files: ReadonlyMap<string, string>;
  readonly stdout: string;
  /** `$ROOT` stands for the folder of the files. */
  readonly stderr: string;
}

const folder = join(repositoryRoot, 'test', 'kustomize', 'cases');

/** All cases. A file has a head with a description and maybe `build: ARGS`, then parts after lines `-- NAME --`. */
export function kustomizeCases(): KustomizeCase[] {
  return readdirSync(folder)
    .sort()
    .map((file) => parseCase(file.replace(/\.txtar$/, ''), readFileSync(join(folder, file), 'utf8')));
}

function parseCase(name: string, text: string): KustomizeCase {
  const [head = '', ...parts] = text.split(/^-- (.+?) --\n/m);
  const files = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) files.set(parts[index] ?? '', parts[index + 1] ?? '');
  const stdout = files.get('expected') ?? '';
  const stderr = files.get('expected stderr') ?? '';
  files.delete('expected');
  files.delete('expected stderr');
  const args = /^build: (.*)$/m.exec(head)?.[1] ?? '.';
  return { name, args: args.split(' '), files, stdout, stderr };
}
