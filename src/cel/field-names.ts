const reserved = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** The name by which an expression selects a field; undefined for names that none can (KEP-2876, "Escaping"). */
export function escapeFieldName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return undefined;
  return name.replaceAll(/__|[./-]/g, (part) => escapes[part] ?? part);
}

/** Whether a word of the language may stand for the field of that name, as it does from 1.31 on. */
export function isKeyword(name: string): boolean {
  return reserved.has(name);
}

/** The field's own name; what is no escaped name stays as it is. */
export function unescapeFieldName(name: string): string {
  const keyword = /^__([a-z]+)__$/.exec(name)?.[1];
  if (keyword !== undefined && reserved.has(keyword)) return keyword;
  return name.replaceAll(/__(underscores|dot|dash|slash)__/g, (_whole, word: string) => {
    return word === 'underscores' ? '__' : word === 'dot' ? '.' : word === 'dash' ? '-' : '/';
  });
}
