import { sleep } from '../../../system/clock.ts';
import { checksumPrograms } from './checksum-programs.ts';
import { filePrograms } from './file-programs.ts';
import { runAgnhost } from './images/agnhost-program.ts';
import { dnsPrograms } from './dns-programs.ts';
import { runEffectiveUser } from './images/effective-user.ts';
import { runPause } from './images/pause-programs.ts';
import { runTestWebserver } from './images/web-programs.ts';
import { runSysctl } from './kernel-parameters.ts';
import { listFiles } from './list-files.ts';
import { FileError, MemoryFiles } from './memory-files.ts';
import { ExecError, killedExitCode, type ProcessContext, type Program } from './process-context.ts';
import { mountPrograms } from './mount-programs.ts';
import { networkPrograms } from './network-programs.ts';
import { runShell } from './shell.ts';
import { textPrograms } from './text-programs.ts';
import { runTail } from './tail-program.ts';
import { runTar } from './tar-program.ts';
import { evaluateTest } from './test-expression.ts';

const programs: Readonly<Record<string, Program>> = {
  ...checksumPrograms,
  ...dnsPrograms,
  ...filePrograms,
  ...mountPrograms,
  ...networkPrograms,
  ...textPrograms,
  agnhost: runAgnhost,
  'agnhost-2': runAgnhost,
  cat: runCat,
  date: async (context) => print(context, `${new Date(context.clock.now()).toUTCString()}\n`),
  echo: runEcho,
  env: (context) => printEnvironment({ ...context, args: context.args.slice(0, 1) }),
  false: () => Promise.resolve(1),
  hostname: async (context) => print(context, `${context.hostname}\n`),
  id: (context) => printIdentity(context),
  kill: (context) => sendSignal(context),
  ls: async (context) => {
    const { output, errors } = listFiles(context.files, context.workingFolder, context.args.slice(1));
    await context.stdout.write(Buffer.from(output));
    await context.stderr.write(Buffer.from(errors));
    return errors === '' ? 0 : 1;
  },
  mkdir: (context) => forEachPath(context, ({ files }, path) => files.makeFolder(path)),
  nnp: runEffectiveUser,
  pause: runPause,
  printenv: printEnvironment,
  pwd: async (context) => print(context, `${context.workingFolder}\n`),
  rm: (context) => forEachPath(context, removePath),
  sh: runShell,
  sleep: runSleep,
  sync: () => Promise.resolve(0),
  sysctl: runSysctl,
  tail: runTail,
  tar: runTar,
  'test-webserver': runTestWebserver,
  test: (context) => evaluateTest(context.args.slice(1), context),
  touch: (context) =>
    forEachPath(context, ({ files }, path) => {
      const known = files.find(path);
      files.writeFile(path, known?.kind === 'file' ? known.content : new Uint8Array());
    }),
  true: () => Promise.resolve(0),
  uname: (context) => print(context, context.args.includes('-a') ? `Linux ${context.hostname} simulated\n` : 'Linux\n'),
  whoami: (context) => print(context, context.user.uid === 0 ? 'root\n' : `${context.user.uid}\n`),
};

const binFolders = ['/bin/', '/usr/bin/', '/usr/local/bin/', '/sbin/', '/usr/sbin/', '/'];

/** Whether a command, by name or path, is built in. */
export function isBuiltIn(command: string): boolean {
  return Object.hasOwn(programs, programName(command));
}

function programName(command: string): string {
  const folder = binFolders.find((candidate) => command.startsWith(candidate)) ?? '';
  const name = command.slice(folder.length);
  return name === 'bash' || name === 'ash' ? 'sh' : name;
}

/** The program a command names, by name or path. @throws ExecError */
export function findProgram(command: string): Program {
  const name = programName(command);
  const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
  if (program !== undefined) return program;
  if (command.includes('/')) throw new ExecError(command, `stat ${command}: no such file or directory`, 127);
  throw new ExecError(command, 'executable file not found in $PATH', 127);
}

async function print({ stdout }: ProcessContext, text: string): Promise<number> {
  await stdout.write(Buffer.from(text));
  return 0;
}

async function runEcho(context: ProcessContext): Promise<number> {
  const words = context.args.slice(1);
  const noNewline = words[0] === '-n';
  return print(context, `${words.slice(noNewline ? 1 : 0).join(' ')}${noNewline ? '' : '\n'}`);
}

async function runCat({ args, files, workingFolder, stdin, stdout, stderr, signal }: ProcessContext): Promise<number> {
  const paths = args.slice(1);
  let code = 0;
  for (const path of paths.length === 0 ? ['-'] : paths) {
    if (path === '-') {
      for await (const chunk of stdin.chunks(signal)) await stdout.write(chunk);
      continue;
    }
    try {
      await stdout.write(files.readFile(MemoryFiles.absolute(path, workingFolder)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await stderr.write(Buffer.from(`cat: ${error.message}\n`));
      code = 1;
    }
  }
  return code;
}

async function printEnvironment(context: ProcessContext): Promise<number> {
  const names = context.args.slice(1);
  if (names.length === 0) return print(context, [...context.env].map(([name, value]) => `${name}=${value}\n`).join(''));
  const values = names.map((name) => context.env.get(name));
  await print(context, values.map((value) => (value === undefined ? '' : `${value}\n`)).join(''));
  return values.includes(undefined) ? 1 : 0;
}

async function runSleep({ args, clock, signal, stderr }: ProcessContext): Promise<number> {
  const text = args[1] ?? '';
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  if (match === null && text !== 'infinity') {
    await stderr.write(Buffer.from(`sleep: invalid number '${text}'\n`));
    return 1;
  }
  const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
  const seconds = match === null ? Infinity : Number(match[1]) * (units[match[2] ?? ''] ?? 1);
  const whole = await sleep(clock, Math.min(seconds * 1000, Number.MAX_SAFE_INTEGER), signal);
  return whole ? 0 : killedExitCode;
}

/** Works on the arguments that are no flags, as paths. */
async function forEachPath(
  context: ProcessContext,
  work: (context: ProcessContext, path: string) => void,
): Promise<number> {
  const [name = '', ...words] = context.args;
  let code = 0;
  for (const word of words.filter((candidate) => !candidate.startsWith('-'))) {
    try {
      work(context, MemoryFiles.absolute(word, context.workingFolder));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await context.stderr.write(Buffer.from(`${name}: ${error.message}\n`));
      code = 1;
    }
  }
  return code;
}

function removePath({ files, args }: ProcessContext, path: string): void {
  const flags = args.filter((word) => word.startsWith('-')).join('');
  const node = files.find(path, true);
  if (node === undefined && !flags.includes('f'))
    throw new FileError(`can't remove '${path}': No such file or directory`);
  if (node?.kind === 'folder' && !/[rR]/.test(flags)) throw new FileError(`'${path}' is a directory`);
  const place = node?.kind === 'link' ? undefined : files.resolve(path);
  const busy =
    place === undefined
      ? undefined
      : files.mounts.at(place) === undefined
        ? [...files.mounts.below(place).keys()][0]
        : '';
  if (busy !== undefined) throw new FileError(`can't remove '${path}${busy}': Resource busy`);
  files.remove(path);
}

/** `id`, `id -u`, `id -g` and `id -G`. */
async function printIdentity(context: ProcessContext): Promise<number> {
  const { uid, gid, groups } = context.user;
  const all = [...new Set([gid, ...groups])];
  const flag = context.args[1] ?? '';
  if (flag === '-u') return print(context, `${uid}\n`);
  if (flag === '-g') return print(context, `${gid}\n`);
  if (flag === '-G') return print(context, `${all.join(' ')}\n`);
  const named = (id: number): string => (id === 0 ? '0(root)' : String(id));
  return print(context, `uid=${named(uid)} gid=${named(gid)} groups=${all.map(named).join(',')}\n`);
}

/** `kill [-SIGNAL] 1`: of the container's processes only its own command can be named. */
async function sendSignal({ args, signalMain, stderr }: ProcessContext): Promise<number> {
  const words = args.slice(1);
  const named = words[0]?.startsWith('-') === true ? words.shift() : undefined;
  const signal = (named === '-s' ? words.shift() : named?.slice(1)) ?? 'TERM';
  const [target = ''] = words;
  if (target !== '1') {
    await stderr.write(Buffer.from(`kill: can't kill pid ${target}: No such process\n`));
    return 1;
  }
  const numbers: Readonly<Record<string, string>> = { 9: 'KILL', 15: 'TERM' };
  signalMain(numbers[signal] ?? signal.replace(/^SIG/, ''));
  return 0;
}
