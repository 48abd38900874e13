import type { FlagDefinition } from './command.ts';
import { valueWithout } from './flag-parser.ts';

/**
 * Index of the first word that is no flag and no flag's value; -1 when there is none before `--`. Before a command is
 * found --help is not known either: as in cobra it swallows the word behind it.
 */
export function firstWord(argv: readonly string[], flags: readonly FlagDefinition[]): number {
  const needsValue = (flag: FlagDefinition | undefined): boolean =>
    flag === undefined || valueWithout(flag) === undefined;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--') return -1;
    if (word.startsWith('--')) {
      if (word.includes('=')) continue;
      if (needsValue(flags.find(({ name }) => name === word.slice(2)))) at++;
    } else if (word.startsWith('-')) {
      if (word.length !== 2) continue;
      if (needsValue(flags.find(({ shorthand }) => shorthand === word[1]))) at++;
    } else if (word !== '') {
      return at;
    }
  }
  return -1;
}
