import type { FileSystem } from '../system/file-system.ts';
import type { CommandContext } from './command.ts';

/** What a build of a kustomization takes from the world of a command. */
export interface KustomizeWorld {
  readonly files: FileSystem;
  readonly cwd: string;
  readonly warn: (line: string) => void;
  readonly log: (line: string) => void;
}

/** The world for builds: warnings go to standard error, log lines there too with the time before them. */
export function kustomizeWorld({ files, cwd, streams, clock }: CommandContext): KustomizeWorld {
  const warn = (line: string): void => streams.err.write(`${line}\n`);
  return { files, cwd, warn, log: (line) => warn(`${logTime(clock.now())} ${line}`) };
}

/** `2026/11/28 07:10:51`, as Go's log package has it. */
function logTime(millis: number): string {
  const time = new Date(millis);
  const two = (part: number): string => `${part}`.padStart(2, '0');
  const day = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
