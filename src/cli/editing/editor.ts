import { isAbsolute, join, resolve } from 'node:path';
import { goQuote } from '../../apimachinery/field-error.ts';
import { systemReasonOrMessage } from '../../system/file-errors.ts';
import { type CommandContext, CommandError } from '../command.ts';

/** What came back from an editor. */
export interface EditedFile {
  readonly path: string;
  readonly text: string;
}

/** A program with the arguments that go before the file. */
interface EditorProgram {
  readonly words: readonly [string, ...string[]];
  /** The last word is a script for a shell, to which the file is added. */
  readonly isShell: boolean;
}

/** Variables that name the editor, the first one that is set wins. */
const editorVariables = ['KUBE_EDITOR', 'EDITOR'] as const;

/**
 * Writes a temporary file, has the editor that the environment names change it, and reads it again. The file stays.
 * @param suffix with its dot: editors tell the language by it
 * @throws CommandError when the editor cannot be started or fails
 */
export async function editTemporaryFile(text: string, suffix: string, context: CommandContext): Promise<EditedFile> {
  const { env, cwd, files, log, random, runInPlace, streams } = context;
  const path = join(temporaryFolder(env, cwd), `kubectl-edit-${Math.floor(random.next() * 2 ** 32)}${suffix}`);
  const program = editorProgram(env);
  if (runInPlace === undefined) throw new CommandError('no editor can be run here');
  try {
    await files.writeFileAtomic(path, text, 0o600);
  } catch (error) {
    throw new CommandError(`open ${path}: ${systemReasonOrMessage(error)}`);
  }
  const [command, ...args] = commandFor(program, path);
  log?.(5, 'launcher_others.go:61', `Opening file with editor [${[command, ...args].join(' ')}]`);
  await streams.out.flush();
  await streams.err.flush();
  const shown = goQuote(program.words.join(' '));
  const exitCode = await runInPlace(command, args, env).catch((error: unknown) => {
    const isUnknown = (error as { code?: string }).code === 'ENOENT' && !/[/\\]/.test(command);
    throw new CommandError(
      isUnknown ? `unable to launch the editor ${shown}` : `there was a problem with the editor ${shown}`,
    );
  });
  if (exitCode !== 0) throw new CommandError(`there was a problem with the editor ${shown}`);
  const edited = Buffer.from(await files.readFile(path)).toString('utf8');
  log?.(4, 'editoptions.go:310', `User edited:\n${edited}`);
  return { path, text: edited };
}

function temporaryFolder(env: CommandContext['env'], cwd: string): string {
  const folder = env['TMPDIR'] || env['TEMP'] || env['TMP'] || '/tmp';
  return isAbsolute(folder) ? folder : resolve(cwd, folder);
}

/** A name alone, words between blanks, or, where quotes or backslashes stand in it, a script for the shell. */
function editorProgram(env: CommandContext['env']): EditorProgram {
  const isWindows = (env['OS'] ?? '').startsWith('Windows');
  const named = editorVariables.map((name) => env[name] ?? '').find((value) => value !== '');
  const editor = named ?? (isWindows ? 'notepad' : 'vi');
  if (!/["'\\]/.test(editor) || !editor.includes(' ')) {
    const [first = editor, ...rest] = editor.split(' ');
    return { words: [first, ...rest], isShell: false };
  }
  const shell = env['SHELL'] || (isWindows ? 'cmd' : '/bin/bash');
  return { words: [shell, shell === 'cmd' ? '/C' : '-c', editor], isShell: true };
}

function commandFor({ words, isShell }: EditorProgram, path: string): readonly [string, ...string[]] {
  const [program, ...args] = words;
  if (!isShell) return [program, ...args, path];
  const script = args.pop() ?? '';
  return [program, ...args, `${script} ${goQuote(path)}`];
}
