import type { FlagDefinition } from './command.ts';
import { valueWithout } from './flag-parser.ts';

/**
 * Index of the first word that is no flag and no flag's value; -1 when there is none before `--`. Before a command is
 * found --help is not known either: as in cobra it swallows the word behind it.
 * @param switches names and letters of further flags that need no value
 */
export function firstWord(
  argv: readonly string[],
  flags: readonly FlagDefinition[],
  switches: readonly string[] = [],
): number {
  const needsValue = (name: string, flag: FlagDefinition | undefined): boolean =>
    !switches.includes(name) && (flag === undefined || valueWithout(flag) === undefined);
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') return -1;
    if (word.startsWith('--')) {
      if (word.includes('=')) continue;
      const called = word.slice(2);
      if (
        needsValue(
          called,
          flags.find(({ name }) => name === called),
        )
      )
        at++;
    } else if (word.startsWith('-')) {
      if (word.length !== 2) continue;
      const letter = word.slice(1);
      if (
        needsValue(
          letter,
          flags.find(({ shorthand }) => shorthand === letter),
        )
      )
        at++;
    } else if (word !== '') {
      return at;
    }
  }
  return -1;
}
