import { CommandError, type FlagValues } from './command.ts';

/**
 * How much a file of the real program would log: -v, or more where --vmodule names the file.
 * @throws CommandError for a --vmodule that cannot be read
 */
export function verbosityOf(globals: FlagValues): (file: string) => number {
  const level = globals.int('v');
  const patterns = readPatterns(globals.string('vmodule'));
  return (file) => {
    const found = patterns.find(({ pattern }) => pattern.test(file));
    return Math.max(level, found?.level ?? 0);
  };
}

interface FilePattern {
  readonly pattern: RegExp;
  readonly level: number;
}

/** `round_trippers=8,memcache*=4`: names of files without their ending, with `*` and `?`. */
function readPatterns(text: string): readonly FilePattern[] {
  const refuse = (reason: string): CommandError =>
    new CommandError(`invalid argument ${JSON.stringify(text)} for "--vmodule" flag: ${reason}`);
  return text
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [name = '', level = '', ...rest] = part.split('=');
      if (name === '' || level === '' || rest.length > 0) {
        throw refuse('syntax error: expect comma-separated list of filename=N');
      }
      if (!/^[+-]?\d+$/.test(level)) throw refuse('syntax error: expect comma-separated list of filename=N');
      if (Number(level) < 0) throw refuse('negative value for vmodule level');
      if (Number(level) === 0) return [];
      const escaped = name
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return [{ pattern: new RegExp(`^${escaped}$`), level: Number(level) }];
    });
}
