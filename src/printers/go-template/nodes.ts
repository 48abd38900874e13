import { goQuote } from '../../apimachinery/field-error.ts';

/** What a command is made of. Positions are offsets in the template, for messages. */
export type Operand =
  | { readonly type: 'field'; readonly names: readonly string[]; readonly position: number }
  | { readonly type: 'variable'; readonly names: readonly string[]; readonly position: number }
  | { readonly type: 'chain'; readonly base: Operand; readonly names: readonly string[]; readonly position: number }
  | { readonly type: 'identifier'; readonly name: string; readonly position: number }
  | { readonly type: 'dot'; readonly position: number }
  | { readonly type: 'nil'; readonly position: number }
  | { readonly type: 'bool'; readonly value: boolean; readonly position: number }
  | {
      readonly type: 'number';
      readonly value: number | bigint;
      readonly isFloat: boolean;
      readonly text: string;
      readonly position: number;
    }
  | { readonly type: 'string'; readonly value: string; readonly text: string; readonly position: number }
  | Pipeline;

export interface Command {
  readonly type: 'command';
  readonly operands: readonly Operand[];
  readonly position: number;
}

export interface Pipeline {
  readonly type: 'pipeline';
  /** Variables that get the value. */
  readonly variables: readonly string[];
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
  readonly position: number;
}

export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly pipeline: Pipeline; readonly position: number }
  | {
      readonly type: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[] | undefined;
      readonly position: number;
    }
  | { readonly type: 'break' | 'continue'; readonly position: number }
  | {
      readonly type: 'template';
      readonly name: string;
      readonly pipeline: Pipeline | undefined;
      readonly position: number;
    };

/** A node as messages show it. */
export function nodeText(node: Operand | Command | TemplateNode): string {
  switch (node.type) {
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return node.names.join('.');
    case 'chain': {
      const base = node.base.type === 'pipeline' ? `(${nodeText(node.base)})` : nodeText(node.base);
      return base + node.names.map((name) => `.${name}`).join('');
    }
    case 'identifier':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return `${node.value}`;
    case 'number':
    case 'string':
      return node.text;
    case 'command':
      return node.operands
        .map((operand) => (operand.type === 'pipeline' ? `(${nodeText(operand)})` : nodeText(operand)))
        .join(' ');
    case 'pipeline': {
      const sign = node.isAssignment ? ' = ' : ' := ';
      const variables = node.variables.length === 0 ? '' : `${node.variables.join(', ')}${sign}`;
      return variables + node.commands.map(nodeText).join(' | ');
    }
    case 'text':
      return node.text;
    case 'action':
      return `{{${nodeText(node.pipeline)}}}`;
    case 'template': {
      const data = node.pipeline === undefined ? '' : ` ${nodeText(node.pipeline)}`;
      return `{{template ${goQuote(node.name)}${data}}}`;
    }
    case 'if':
    case 'with':
    case 'range': {
      const body = node.body.map(nodeText).join('');
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${node.otherwise.map(nodeText).join('')}`;
      return `{{${node.type} ${nodeText(node.pipeline)}}}${body}${otherwise}{{end}}`;
    }
    default:
      return `{{${node.type}}}`;
  }
}
