/**
 * Fills lines up to a width with the words of a text, as the old form of kubectl's explain does: words longer than the
 * width stay whole; what is indented by four blanks, empty lines and the items of lists keep their lines, and so does
 * what follows a colon.
 * @returns the lines
 */
export function wrapLines(text: string, width: number): string[] {
  const lines: string[] = [];
  let words: string[] = [];
  let last = '';
  const flush = (): void => {
    if (words.length === 0) return;
    lines.push(words.join(' '));
    words = [];
    last = '';
  };
  for (const source of text.split('\n')) {
    const isBlank = source.trim() === '';
    if (source.startsWith('    ')) {
      flush();
      lines.push(source);
      continue;
    }
    if (isBlank && lines.length > 0) {
      flush();
      lines.push('');
      continue;
    }
    if (isBlank || last.endsWith(':') || /^(\d+\.?|-|\*)\s/.test(source.trim())) flush();
    for (const word of source.split(/\s+/).filter((one) => one !== '')) {
      if (words.length > 0 && Buffer.byteLength([...words, word].join(' ')) > width) flush();
      last = word;
      words.push(word);
    }
  }
  flush();
  return lines;
}
