/** What the help says in another language than English. What is missing stays English. */
export interface Translation {
  /** By command: its line in the list of commands. */
  readonly shorts: Readonly<Record<string, string>>;
  /** By command, its words joined with spaces: what its own help begins with. */
  readonly abouts: Readonly<Record<string, string>>;
}

const languages: Readonly<Record<string, () => Promise<Translation>>> = {
  de_DE: async () => (await import('./german.ts')).german,
  fr_FR: async () => (await import('./french.ts')).french,
  it_IT: async () => (await import('./italian.ts')).italian,
  ja_JP: async () => (await import('./japanese.ts')).japanese,
  ko_KR: async () => (await import('./korean.ts')).korean,
  pt_BR: async () => (await import('./brazilian-portuguese.ts')).brazilianPortuguese,
  zh_CN: async () => (await import('./simplified-chinese.ts')).simplifiedChinese,
  zh_TW: async () => (await import('./traditional-chinese.ts')).traditionalChinese,
};

/** The locales that the help is there for. */
export const translatedLocales: readonly string[] = Object.keys(languages);

/**
 * The translation for the locale of the environment: LC_ALL, LC_MESSAGES and LANG, in this order, in a form like
 * `de_DE.UTF-8`. Undefined for English, for others and for a locale without an encoding, as kubectl has it.
 */
export async function translationFor(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Translation | undefined> {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value !== undefined && value !== '');
  const [language = '', encoding, ...rest] = locale?.split('.') ?? [];
  return encoding === undefined || rest.length > 0 ? undefined : languages[language]?.();
}
