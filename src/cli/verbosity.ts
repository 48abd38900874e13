import { klogLine, type VerboseLog } from '../system/klog.ts';
import type { ConfiguredAccess } from './cluster-access.ts';
import type { ClusterAccess, CommandContext, CommandDefinition, FlagValues } from './command.ts';

/** What tells on standard error what -v and --vmodule ask for, as klog does. */
export function verboseLog(
  globals: FlagValues,
  { streams, clock }: Pick<CommandContext, 'streams' | 'clock'>,
): VerboseLog {
  const levelOf = verbosityOf(globals);
  return (level, source, text) => {
    if (levelOf(source.slice(0, source.indexOf('.'))) < level) return;
    streams.err.write(klogLine('I', clock.now(), source, typeof text === 'string' ? text : text()));
  };
}

const withoutClient: ReadonlySet<string> = new Set([
  'alpha',
  'cluster',
  'completion',
  'config',
  'kuberc',
  'kustomize',
  'options',
  'plugin',
]);

/** Nearly all commands make a client, and tell of it, before they know whether they need one. */
export async function announceClient(
  definition: CommandDefinition,
  values: FlagValues,
  access: ClusterAccess,
): Promise<void> {
  const steps = firstSteps(definition, values);
  const configured = access as Partial<ConfiguredAccess>;
  try {
    if (steps === 'client') await configured.announce?.();
    else if (steps === 'kubeconfig') await configured.config?.();
  } catch {
    // What is wrong with the configuration is told where it is used.
  }
}

/** How far the real program gets as soon as it knows the flags. */
function firstSteps({ path, flags }: CommandDefinition, values: FlagValues): 'client' | 'kubeconfig' | 'none' {
  const [first = '', second = ''] = path;
  if (withoutClient.has(first) || (first === 'version' && values.bool('client'))) return 'none';
  const isLocal = flags.some(({ name }) => name === 'local') && values.bool('local');
  return isLocal && second !== 'env' ? 'kubeconfig' : 'client';
}

/** How much a file of the real program would log: -v, or more where --vmodule, which has no problem, names the file. */
export function verbosityOf(globals: FlagValues): (file: string) => number {
  const level = globals.int('v');
  const patterns = readPatterns(globals.string('vmodule'));
  return (file) => {
    const found = patterns.find(({ pattern }) => pattern.test(file));
    return Math.max(level, found?.level ?? 0);
  };
}

/** What is wrong with a --vmodule, in klog's words; undefined for nothing. */
export function vmoduleProblem(text: string): string | undefined {
  const about = `invalid argument ${JSON.stringify(text)} for "--vmodule" flag:`;
  for (const part of text.split(',').filter((one) => one !== '')) {
    const match = /^[^=]+=([+-]?\d+)$/.exec(part);
    if (match === null) return `${about} syntax error: expect comma-separated list of filename=N`;
    if (Number(match[1]) < 0) return `${about} negative value for vmodule level`;
  }
  return undefined;
}

interface FilePattern {
  readonly pattern: RegExp;
  readonly level: number;
}

/** `round_trippers=8,memcache*=4`: names of files without their ending, with `*` and `?`. */
function readPatterns(text: string): readonly FilePattern[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', level = ''] = part.split('=');
      const escaped = name
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return { pattern: new RegExp(`^${escaped}$`), level: Number(level) };
    });
}
