export interface TabWriterOptions {
  /** The least width of a cell, its padding included. */
  readonly minWidth: number;
  readonly padding: number;
  /** Columns never get narrower from one flush to the next, so that the rows of a watch stay below their headers. */
  readonly remembersWidths: boolean;
}

/** What kubectl's tables use: at least 6 wide, 3 spaces between. */
export const tableTabs: TabWriterOptions = { minWidth: 6, padding: 3, remembersWidths: true };

/** The lines up to one that have a column, and how wide it is there. */
interface Block {
  readonly end: number;
  readonly width: number;
}

/** How much text is handed out at a time. */
const pieceLength = 65_536;

/**
 * Aligns cells that end in tabs, as Go's text/tabwriter does (elastic tab stops): a column is as wide as its widest
 * cell among adjacent lines that have it, and what follows a line's last tab is no cell. Widths are found as lines come,
 * so that nothing but the lines themselves is kept.
 */
export class TabWriter {
  readonly #options: TabWriterOptions;
  readonly #remembered: number[] = [];
  /** Whole lines. */
  #lines: string[] = [];
  /** What came behind the last line end. */
  #rest = '';
  /** By column: the width so far where the last line has the column. */
  #open: (number | undefined)[] = [];
  /** By column: where it ended before. */
  #blocks: Block[][] = [];

  constructor(options: TabWriterOptions = tableTabs) {
    this.#options = options;
  }

  write(text: string): void {
    const lines = (this.#rest + text).split(/[\n\f]/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#add(line);
  }

  /** Whether nothing waits for a flush. */
  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#rest === '';
  }

  /** Columns may be narrower again than they were. */
  forgetWidths(): void {
    this.#remembered.length = 0;
  }

  /** Returns what was written so far, aligned. */
  flush(): string {
    return [...this.pieces()].join('');
  }

  /** What was written so far, aligned, in pieces of some lines. */
  *pieces(): Generator<string> {
    const rest = this.#rest;
    if (rest !== '') this.#add(rest);
    this.#closeFrom(0);
    const lines = this.#lines;
    const blocks = this.#blocks;
    this.#lines = [];
    this.#blocks = [];
    this.#rest = '';
    const current = blocks.map(() => 0);
    let piece = '';
    for (const [index, line] of lines.entries()) {
      piece += alignLine(line, (column) => widthAt(blocks[column] ?? [], current, column, index));
      if (index < lines.length - 1 || rest === '') piece += '\n';
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
    if (piece !== '') yield piece;
  }

  #add(line: string): void {
    const cells = cellsOf(line);
    this.#closeFrom(cells.length - 1);
    for (let column = 0; column < cells.length - 1; column++) {
      const width = textWidth(cells[column] ?? '') + this.#options.padding;
      this.#open[column] = Math.max(this.#open[column] ?? this.#options.minWidth, width);
    }
    this.#lines.push(line);
  }

  /** The lines so far are the last ones to have the columns from one on. */
  #closeFrom(first: number): void {
    for (let column = first; column < this.#open.length; column++) {
      const open = this.#open[column];
      if (open === undefined) continue;
      const width = this.#options.remembersWidths ? Math.max(open, this.#remembered[column] ?? 0) : open;
      this.#remembered[column] = width;
      (this.#blocks[column] ??= []).push({ end: this.#lines.length, width });
      this.#open[column] = undefined;
    }
  }
}

function cellsOf(line: string): string[] {
  return line.split(/[\t\v]/);
}

/** The width of a column in a line; lines are asked for in their order. */
function widthAt(blocks: readonly Block[], current: number[], column: number, line: number): number {
  let at = current[column] ?? 0;
  while ((blocks[at]?.end ?? Number.POSITIVE_INFINITY) <= line) at++;
  current[column] = at;
  return blocks[at]?.width ?? 0;
}

/** One column a character, as Go's tabwriter counts them, however wide a terminal shows it. */
function textWidth(text: string): number {
  let width = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // The second half of a character outside the basic plane.
    if (unit >= 0xdc00 && unit <= 0xdfff) width--;
  }
  return width;
}

function alignLine(line: string, widthOf: (column: number) => number): string {
  const cells = cellsOf(line);
  const last = cells.length - 1;
  let aligned = '';
  for (let column = 0; column < last; column++) {
    const cell = cells[column] ?? '';
    aligned += cell + ' '.repeat(Math.max(0, widthOf(column) - textWidth(cell)));
  }
  return aligned + (cells[last] ?? '');
}
