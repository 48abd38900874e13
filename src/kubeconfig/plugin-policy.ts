import { basename, delimiter, isAbsolute, join, normalize } from 'node:path';
import { goQuote } from '../apimachinery/field-error.ts';
import type { FileSystem } from '../system/file-system.ts';

/** Which credential plugins may run (KEP-3104, credentialPluginPolicy). */
export interface PluginPolicy {
  /** `AllowAll` (or empty), `DenyAll`, `Allowlist`. */
  readonly type: string;
  /** Commands, names or paths; undefined where none was given. */
  readonly allowlist: readonly string[] | undefined;
}

/** Where programs are looked for. */
export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: FileSystem;
}

/**
 * Finds out whether a credential plugin may run.
 * @param command as the kubeconfig has it
 * @returns why not, in client-go's words; undefined when it may
 */
export async function pluginRefusal(
  command: string,
  { type, allowlist = [] }: PluginPolicy,
  search: ProgramSearch,
): Promise<string | undefined> {
  if (type === '' || type === 'AllowAll') return undefined;
  const cleaned = normalize(command);
  if (type === 'DenyAll') return `plugin ${goQuote(cleaned)} not allowed: policy set to "DenyAll"`;
  if (type !== 'Allowlist') return `unknown plugin policy ${goQuote(type)}`;
  if (allowlist.includes(cleaned)) return undefined;
  const path = await resolveProgram(cleaned, search);
  if (path === undefined) {
    const reason = cleaned.includes('/')
      ? `exec: ${goQuote(cleaned)}: stat ${cleaned}: no such file or directory`
      : `exec: ${goQuote(cleaned)}: executable file not found in $PATH`;
    return `plugin path ${goQuote(cleaned)} cannot be resolved for credential plugin allowlist check: ${reason}`;
  }
  if (allowlist.includes(path)) return undefined;
  for (const entry of allowlist) {
    if (basename(entry) === basename(path) && (await resolveProgram(entry, search)) === path) return undefined;
  }
  return `plugin path ${goQuote(path)} is not permitted by the credential plugin allowlist`;
}

/** The file that a name on the PATH stands for; a path stands for itself, if it is there. */
async function resolveProgram(command: string, { env, files }: ProgramSearch): Promise<string | undefined> {
  const candidates = /[/\\]/.test(command)
    ? [command]
    : (env['PATH'] ?? '')
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, command));
  for (const path of candidates) {
    const found = await files.stat(path).catch(() => undefined);
    if (found !== undefined && !found.isFolder && found.isExecutable) return path;
  }
  return undefined;
}
