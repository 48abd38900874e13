/** How an expansion like `${NAME:-word}` treats the value; `length` is `${#NAME}`, empty is the value as it is. */
export type ExpansionOperator =
  | ''
  | 'length'
  | ':-'
  | '-'
  | ':='
  | '='
  | ':?'
  | '?'
  | ':+'
  | '+'
  | '#'
  | '##'
  | '%'
  | '%%';

/** A piece of a word; what is quoted is neither split nor taken for a pattern. */
export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly operator: ExpansionOperator;
      readonly argument: Word;
      readonly quoted: boolean;
    }
  | { readonly kind: 'command'; readonly script: Script; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: Word; readonly quoted: boolean };

/** A word as it is written: its pieces are filled in when it is used. */
export type Word = readonly WordPart[];

/** `> file`, `2>&1`, `< file`, or a here-document. */
export interface Redirection {
  readonly operator: '<' | '>' | '>>' | '>&' | '<<';
  /** 0, 1 or 2. */
  readonly descriptor: number;
  /** The file, the descriptor, or the text of the document. */
  readonly target: Word;
}

/** One command: a program with its words, or one of the shell's own forms. */
export type ShellCommand = { readonly redirections: readonly Redirection[] } & (
  | {
      readonly kind: 'simple';
      readonly assignments: readonly { readonly name: string; readonly value: Word }[];
      readonly words: readonly Word[];
    }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly condition: Script; readonly body: Script }[];
      readonly otherwise: Script;
    }
  | { readonly kind: 'loop'; readonly until: boolean; readonly condition: Script; readonly body: Script }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[] | undefined; readonly body: Script }
  | {
      readonly kind: 'case';
      readonly word: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: Script }[];
    }
  | { readonly kind: 'group' | 'subshell'; readonly body: Script }
  | { readonly kind: 'function'; readonly name: string; readonly body: ShellCommand }
);

/** Commands joined by `|`. */
export interface Pipeline {
  readonly negated: boolean;
  readonly commands: readonly ShellCommand[];
}

/** A pipeline, the operator before it, and whether `&` puts it in the background. */
export interface ListItem {
  readonly operator: ';' | '&&' | '||';
  readonly pipeline: Pipeline;
  readonly background: boolean;
}

/** A list of pipelines. */
export type Script = readonly ListItem[];

/** What this shell does not understand. */
export class ShellSyntaxError extends Error {}
