import { formatGoFloat } from '../apimachinery/go-float.ts';
import { formatGoValue, goTypeName } from '../apimachinery/go-value.ts';

/** A number that stood in a template: an `int` or a `float64`, where one of an object is an `int64` or `float64`. */
export class GoLiteral {
  readonly value: number | bigint;
  readonly type: 'int' | 'float64';

  constructor(value: number | bigint, type: 'int' | 'float64') {
    this.value = value;
    this.type = type;
  }
}

/** Go's name for the type of a value. */
export function typeName(value: unknown): string {
  return value instanceof GoLiteral ? value.type : goTypeName(value);
}

/** Go's text of a value (`%v`). */
export function goText(value: unknown): string {
  if (!(value instanceof GoLiteral)) return formatGoValue(value);
  return value.type === 'int' ? `${value.value}` : formatGoFloat(Number(value.value));
}

/** fmt.Sprint: spaces between operands where neither is text. */
export function goSprint(values: readonly unknown[]): string {
  let text = '';
  values.forEach((value, index) => {
    const bothOther = typeof value !== 'string' && typeof values[index - 1] !== 'string';
    text += `${index > 0 && bothOther ? ' ' : ''}${goText(value)}`;
  });
  return text;
}

/** fmt.Sprintln. */
export function goSprintln(values: readonly unknown[]): string {
  return `${values.map(goText).join(' ')}\n`;
}
