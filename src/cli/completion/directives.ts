/** What the shell shall do with candidates; the numbers are cobra's and may be added. */
export const directives = {
  default: 0,
  error: 1,
  /** Put no space behind a candidate. */
  noSpace: 2,
  /** Offer no files. */
  noFiles: 4,
  /** The candidates are extensions of files to offer. */
  filterExtensions: 8,
} as const;

const names: readonly (readonly [number, string])[] = [
  [directives.error, 'ShellCompDirectiveError'],
  [directives.noSpace, 'ShellCompDirectiveNoSpace'],
  [directives.noFiles, 'ShellCompDirectiveNoFileComp'],
  [directives.filterExtensions, 'ShellCompDirectiveFilterFileExt'],
];

/** The names of the directives in a sum, as they are told on standard error. */
export function directiveNames(directive: number): string {
  const found = names.filter(([bit]) => (directive & bit) !== 0).map(([, name]) => name);
  return found.length === 0 ? 'ShellCompDirectiveDefault' : found.join(', ');
}

/** What may stand in the place of a word, and what the shell shall do with it. */
export interface Completions {
  /** With a description behind a tab, where there is one. */
  readonly candidates: readonly string[];
  readonly directive: number;
}

/** Candidates that are no files. */
export function words(candidates: readonly string[], directive: number = directives.noFiles): Completions {
  return { candidates, directive };
}
