import { isQualifiedName, isValidLabelValue } from '../apimachinery/names.ts';
import { GeneratorError } from './flag-texts.ts';
import { defined } from './typed-json.ts';

/** A taint of a node. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
  readonly timeAdded?: string;
}

/** What a command line wants of taints: those to add, and those to remove, the effect empty for any. */
export interface TaintChanges {
  readonly add: readonly Taint[];
  readonly remove: readonly Taint[];
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Reads `key=value:effect`, `key:effect` and, to remove, `key:effect-` and `key-`. @throws GeneratorError */
export function parseTaints(texts: readonly string[]): TaintChanges {
  const add: Taint[] = [];
  const remove: Taint[] = [];
  for (const text of texts) {
    if (text.endsWith('-')) {
      const { key, effect } = parseTaint(text.slice(0, -1));
      remove.push({ key, effect });
      continue;
    }
    const taint = parseTaint(text);
    if (taint.effect === '') throw new GeneratorError(`invalid taint spec: ${text}`);
    if (add.some((other) => isSameTaint(other, taint))) {
      const shown = `{${taint.key} ${taint.value ?? ''} ${taint.effect} <nil>}`;
      throw new GeneratorError(`duplicated taints with the same key and effect: ${shown}`);
    }
    add.push(taint);
  }
  return { add, remove };
}

function parseTaint(text: string): Taint {
  const wrong = (reasons: readonly string[] = []): GeneratorError =>
    new GeneratorError(`invalid taint spec: ${text}${reasons.length === 0 ? '' : `, ${reasons.join('; ')}`}`);
  const [pair = '', effect, ...more] = text.split(':');
  if (more.length > 0) throw wrong();
  let key = pair;
  let value = '';
  if (effect !== undefined) {
    if (!effects.includes(effect)) {
      throw new GeneratorError(`invalid taint effect: ${effect}, unsupported taint effect`);
    }
    const parts = pair.split('=');
    if (parts.length > 2) throw wrong();
    [key = '', value = ''] = parts;
    const problems = isValidLabelValue(value);
    if (problems.length > 0) throw wrong(problems);
  }
  const problems = isQualifiedName(key);
  if (problems.length > 0) throw wrong(problems);
  return { key, ...defined({ value: value === '' ? undefined : value }), effect: effect ?? '' };
}

/** Whether two taints are about the same: key and effect are. */
export function isSameTaint(left: Taint, right: Taint): boolean {
  return left.key === right.key && left.effect === right.effect;
}

/** The taints of a node after a change, what was done, and which were to be removed but are not there. */
export function changeTaints(
  existing: readonly Taint[],
  { add, remove }: TaintChanges,
  overwrite: boolean,
): { readonly taints: readonly Taint[]; readonly operation: string; readonly missing: readonly Taint[] } {
  let taints = [...add, ...existing.filter((taint) => !add.some((added) => isSameTaint(added, taint)))];
  const isLonger = taints.length !== existing.length;
  const missing: Taint[] = [];
  let removedLast = false;
  for (const unwanted of remove) {
    const rest = taints.filter((taint) =>
      unwanted.effect === '' ? taint.key !== unwanted.key : !isSameTaint(taint, unwanted),
    );
    removedLast = rest.length !== taints.length;
    if (!removedLast) missing.push(unwanted);
    taints = rest;
  }
  if ((isLonger && removedLast) || overwrite) return { taints, missing, operation: 'modified' };
  return { taints, missing, operation: isLonger ? 'tainted' : 'untainted' };
}
