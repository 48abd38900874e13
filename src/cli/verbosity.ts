import type { FlagValues } from './command.ts';

/** How much a file of the real program would log: -v, or more where --vmodule, which has no problem, names the file. */
export function verbosityOf(globals: FlagValues): (file: string) => number {
  const level = globals.int('v');
  const patterns = readPatterns(globals.string('vmodule'));
  return (file) => {
    const found = patterns.find(({ pattern }) => pattern.test(file));
    return Math.max(level, found?.level ?? 0);
  };
}

/** What is wrong with a --vmodule, in klog's words; undefined for nothing. */
export function vmoduleProblem(text: string): string | undefined {
  const about = `invalid argument ${JSON.stringify(text)} for "--vmodule" flag:`;
  for (const part of text.split(',').filter((one) => one !== '')) {
    const match = /^[^=]+=([+-]?\d+)$/.exec(part);
    if (match === null) return `${about} syntax error: expect comma-separated list of filename=N`;
    if (Number(match[1]) < 0) return `${about} negative value for vmodule level`;
  }
  return undefined;
}

interface FilePattern {
  readonly pattern: RegExp;
  readonly level: number;
}

/** `round_trippers=8,memcache*=4`: names of files without their ending, with `*` and `?`. */
function readPatterns(text: string): readonly FilePattern[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', level = ''] = part.split('=');
      const escaped = name
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return { pattern: new RegExp(`^${escaped}$`), level: Number(level) };
    });
}
