import { isBuiltIn as isShellBuiltIn } from './shell-builtins.ts';
import type { Script, ShellCommand, Word } from './shell-grammar.ts';

/**
 * A command that a script names, and that neither the shell nor anybody else has here; undefined when all are there. What
 * the script writes itself is there when it is called.
 */
export function unknownCommand(script: Script, isProgram: (name: string) => boolean): string | undefined {
  const functions = new Set<string>();
  const names: string[] = [];
  const written = new Set<string | undefined>();
  for (const command of commandsOf(script)) {
    if (command.kind === 'function') functions.add(command.name);
    const name = command.kind === 'simple' ? literal(command.words[0]) : undefined;
    if (name !== undefined) names.push(name);
    for (const { operator, target } of command.redirections) if (operator === '>') written.add(literal(target));
  }
  const isKnown = (name: string): boolean => functions.has(name) || isShellBuiltIn(name) || isProgram(name);
  return names.find((name) => !isKnown(name) && !(name.includes('/') && written.has(name)));
}

/** The text of a word that is the same whatever happens. */
function literal(word: Word | undefined): string | undefined {
  if (word === undefined) return undefined;
  let text = '';
  for (const part of word) {
    if (part.kind !== 'text') return undefined;
    text += part.text;
  }
  return text;
}

/** All commands of a script, also those within others and in substitutions. */
function* commandsOf(script: Script): Generator<ShellCommand> {
  for (const { pipeline } of script) for (const command of pipeline.commands) yield* within(command);
}

function* within(command: ShellCommand): Generator<ShellCommand> {
  yield command;
  switch (command.kind) {
    case 'simple':
      for (const word of [...command.words, ...command.assignments.map(({ value }) => value)]) yield* inWord(word);
      break;
    case 'if':
      for (const { condition, body } of command.branches) {
        yield* commandsOf(condition);
        yield* commandsOf(body);
      }
      yield* commandsOf(command.otherwise);
      break;
    case 'loop':
      yield* commandsOf(command.condition);
      yield* commandsOf(command.body);
      break;
    case 'case':
      for (const { body } of command.branches) yield* commandsOf(body);
      break;
    case 'function':
      yield* within(command.body);
      break;
    default:
      yield* commandsOf(command.body);
  }
}

function* inWord(word: Word): Generator<ShellCommand> {
  for (const part of word) {
    if (part.kind === 'command') yield* commandsOf(part.script);
    if (part.kind === 'variable') yield* inWord(part.argument);
  }
}
