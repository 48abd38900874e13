export interface TabWriterOptions {
  /** The least width of a cell, its padding included. */
  readonly minWidth: number;
  readonly padding: number;
  /** Columns never get narrower from one flush to the next, so that the rows of a watch stay below their headers. */
  readonly remembersWidths: boolean;
}

/** What kubectl's tables use: at least 6 wide, 3 spaces between. */
export const tableTabs: TabWriterOptions = { minWidth: 6, padding: 3, remembersWidths: true };

/**
 * Aligns cells that end in tabs, as Go's text/tabwriter does (elastic tab stops): a column is as wide as its widest
 * cell among adjacent lines that have it, and what follows a line's last tab is no cell.
 */
export class TabWriter {
  readonly #options: TabWriterOptions;
  readonly #remembered: number[] = [];
  #text = '';

  constructor(options: TabWriterOptions = tableTabs) {
    this.#options = options;
  }

  write(text: string): void {
    this.#text += text;
  }

  /** Returns what was written so far, aligned. */
  flush(): string {
    const lines = this.#text.split(/[\n\f]/).map((line) => line.split(/[\t\v]/));
    this.#text = '';
    const widths: number[][] = lines.map(() => []);
    this.#measure(lines, widths, 0, lines.length, 0);
    return lines.map((cells, line) => alignLine(cells, widths[line] ?? [])).join('\n');
  }

  #measure(lines: readonly string[][], widths: number[][], from: number, to: number, column: number): void {
    let start = from;
    while (start < to) {
      if ((lines[start]?.length ?? 0) <= column + 1) {
        start++;
        continue;
      }
      let stop = start;
      let width = this.#options.minWidth;
      while (stop < to && (lines[stop]?.length ?? 0) > column + 1) {
        width = Math.max(width, textWidth(lines[stop]?.[column] ?? '') + this.#options.padding);
        stop++;
      }
      if (this.#options.remembersWidths) {
        width = Math.max(width, this.#remembered[column] ?? 0);
        this.#remembered[column] = width;
      }
      for (let line = start; line < stop; line++) widths[line]?.push(width);
      this.#measure(lines, widths, start, stop, column + 1);
      start = stop;
    }
  }
}

/** One column a character, as Go's tabwriter counts them, however wide a terminal shows it. */
function textWidth(text: string): number {
  return Array.from(text).length;
}

function alignLine(cells: readonly string[], widths: readonly number[]): string {
  let line = '';
  cells.forEach((cell, column) => {
    line += cell;
    if (column < cells.length - 1) line += ' '.repeat(Math.max(0, (widths[column] ?? 0) - textWidth(cell)));
  });
  return line;
}
