import { MemoryFiles } from './memory-files.ts';
import type { ProcessContext } from './process-context.ts';

type TestPlace = Pick<ProcessContext, 'files' | 'workingFolder' | 'stderr'>;

class TestError extends Error {}

/** `test` and `[`, with `&&`, `||` and parentheses as `[[` has them. @returns 0, 1, or 2 when it is no expression */
export async function evaluateTest(words: readonly string[], place: TestPlace): Promise<number> {
  try {
    const expression = new TestExpression(words, place);
    return expression.whole() ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    await place.stderr.write(Buffer.from(`sh: ${error.message}\n`));
    return 2;
  }
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '-eq': (left, right) => left === right,
  '-ne': (left, right) => left !== right,
  '-lt': (left, right) => left < right,
  '-le': (left, right) => left <= right,
  '-gt': (left, right) => left > right,
  '-ge': (left, right) => left >= right,
};

class TestExpression {
  readonly #words: readonly string[];
  readonly #place: TestPlace;
  #at = 0;

  constructor(words: readonly string[], place: TestPlace) {
    this.#words = words;
    this.#place = place;
  }

  whole(): boolean {
    if (this.#words.length === 0) return false;
    const holds = this.#or();
    if (this.#at < this.#words.length) throw new TestError(`${this.#words[this.#at] ?? ''}: unknown operand`);
    return holds;
  }

  #or(): boolean {
    let holds = this.#and();
    while (this.#accept('-o', '||')) holds = this.#and() || holds;
    return holds;
  }

  #and(): boolean {
    let holds = this.#primary();
    while (this.#accept('-a', '&&')) holds = this.#primary() && holds;
    return holds;
  }

  #primary(): boolean {
    const left = this.#words.length - this.#at;
    const [first = '', second = '', third = ''] = this.#words.slice(this.#at, this.#at + 3);
    const isBinary =
      left >= 3 && (Object.hasOwn(comparisons, second) || ['=', '==', '!=', '-nt', '-ot'].includes(second));
    if (isBinary) {
      this.#at += 3;
      return this.#compare(first, second, third);
    }
    if (first === '!' && left > 1) {
      this.#at++;
      return !this.#primary();
    }
    if (first === '(' && left > 2) {
      this.#at++;
      const holds = this.#or();
      if (!this.#accept(')')) throw new TestError('closing paren expected');
      return holds;
    }
    if (/^-[a-zA-Z]$/.test(first) && left > 1) {
      this.#at += 2;
      return this.#unary(first, second);
    }
    this.#at++;
    return first !== '';
  }

  #compare(first: string, operator: string, third: string): boolean {
    if (operator === '=' || operator === '==') return first === third;
    if (operator === '!=') return first !== third;
    if (operator === '-nt' || operator === '-ot') {
      const [left, right] = [first, third].map((path) => this.#find(path)?.modifiedMillis ?? 0);
      return operator === '-nt' ? (left ?? 0) > (right ?? 0) : (left ?? 0) < (right ?? 0);
    }
    const [left, right] = [first, third].map((text) => {
      if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new TestError(`${text}: bad number`);
      return Number(text);
    });
    return comparisons[operator]?.(left ?? 0, right ?? 0) === true;
  }

  #unary(operator: string, text: string): boolean {
    if (operator === '-n') return text !== '';
    if (operator === '-z') return text === '';
    if (operator === '-t') return false;
    const node = operator === '-L' || operator === '-h' ? this.#find(text, true) : this.#find(text);
    switch (operator) {
      case '-e':
      case '-r':
      case '-w':
        return node !== undefined;
      case '-x':
        return node !== undefined && (node.mode & 0o111) !== 0;
      case '-f':
        return node?.kind === 'file' && node.special === undefined;
      case '-d':
        return node?.kind === 'folder';
      case '-s':
        return node?.kind === 'folder' || (node?.kind === 'file' && node.content.byteLength > 0);
      case '-L':
      case '-h':
        return node?.kind === 'link';
      case '-b':
        return node?.special === 'block device';
      case '-c':
        return node?.special === 'character device';
      case '-S':
        return node?.special === 'socket';
      case '-p':
        // There are no pipes among the files.
        return false;
      case '-u':
      case '-g':
      case '-k':
        return ((node?.mode ?? 0) & (specialBits[operator] ?? 0)) !== 0;
      default:
        throw new TestError(`${operator}: unknown operand`);
    }
  }

  #find(path: string, isLinkItself = false) {
    return this.#place.files.find(MemoryFiles.absolute(path, this.#place.workingFolder), isLinkItself);
  }

  #accept(...words: readonly string[]): boolean {
    if (!words.includes(this.#words[this.#at] ?? '')) return false;
    this.#at++;
    return true;
  }
}

/** Set-user-id, set-group-id and the sticky bit. */
const specialBits: Readonly<Record<string, number>> = { '-u': 0o4000, '-g': 0o2000, '-k': 0o1000 };
