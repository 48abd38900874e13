import type { FileSystem } from '../system/file-system.ts';
import { klogLine } from '../system/klog.ts';
import type { CommandContext } from './command.ts';

/** What a build of a kustomization takes from the world of a command. */
export interface KustomizeWorld {
  readonly files: FileSystem;
  readonly cwd: string;
  readonly warn: (line: string) => void;
  readonly log: (line: string) => void;
}

/** The world for builds: warnings go to standard error, and so does what the real program logs by klog. */
export function kustomizeWorld({ files, cwd, streams, clock }: CommandContext): KustomizeWorld {
  return {
    files,
    cwd,
    warn: (line) => streams.err.write(`${line}\n`),
    log: (line) => streams.err.write(klogLine('I', clock.now(), 'log.go:244', line)),
  };
}
