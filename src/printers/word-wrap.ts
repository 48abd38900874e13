/**
 * Breaks lines longer than a width at spaces, as the real program's explain does: spaces at a break go, words longer
 * than the width stay whole.
 */
export function wrapWords(text: string, width: number): string {
  let result = '';
  let column = 0;
  let spaces = '';
  let word = '';
  const flush = (): void => {
    column += spaces.length + word.length;
    result += spaces + word;
    spaces = '';
    word = '';
  };
  for (const character of text) {
    if (character === '\n') {
      if (word === '' && column + spaces.length > width) spaces = '';
      flush();
      result += character;
      column = 0;
    } else if (/\s/.test(character) && character !== '\u00a0') {
      if (spaces === '' || word !== '') flush();
      spaces += character;
    } else {
      word += character;
      if (column + spaces.length + word.length > width && word.length < width) {
        result += '\n';
        column = 0;
        spaces = '';
      }
    }
  }
  if (word !== '' || column + spaces.length <= width) flush();
  return result;
}
