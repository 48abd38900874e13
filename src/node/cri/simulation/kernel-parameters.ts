import { FileError, MemoryFiles } from './memory-files.ts';
import type { ProcessContext } from './process-context.ts';

const folder = '/proc/sys';

/** What a kernel says of itself when nobody has changed it, as far as pods may. */
const defaults: Readonly<Record<string, string>> = {
  'kernel.shm_rmid_forced': '0',
  'net.ipv4.ip_local_port_range': '32768\t60999',
  'net.ipv4.ip_local_reserved_ports': '',
  'net.ipv4.ip_unprivileged_port_start': '1024',
  'net.ipv4.ping_group_range': '1\t0',
  'net.ipv4.tcp_fin_timeout': '60',
  'net.ipv4.tcp_keepalive_intvl': '75',
  'net.ipv4.tcp_keepalive_probes': '9',
  'net.ipv4.tcp_keepalive_time': '7200',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
  'net.ipv4.tcp_syncookies': '1',
  'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
};

/** The files of kernel parameters below /proc/sys. @param set what the pod sets, by names with dots */
export function writeKernelParameters(files: MemoryFiles, set: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries({ ...defaults, ...set })) {
    const path = pathOf(name);
    files.makeFolder(path.slice(0, path.lastIndexOf('/')));
    // The kernel shows what it has taken in: numbers with tabs between them.
    files.writeFile(path, Buffer.from(`${value.trim().replaceAll(/\s+/g, '\t')}\n`));
  }
}

/** `sysctl [-n] [-e] NAME…` and `sysctl -a`: kernel parameters with their values; in a container nothing is set. */
export async function runSysctl({ args, files, stdout, stderr }: ProcessContext): Promise<number> {
  const flags = args.slice(1).filter((word) => word.startsWith('-'));
  const has = (letter: string): boolean => flags.some((word) => word.slice(1).includes(letter));
  const asked = args.slice(1).filter((word) => !word.startsWith('-'));
  let code = 0;
  for (const word of has('a') ? namesBelow(files, folder) : asked) {
    const [key = '', assigned] = word.split(/=(.*)/s);
    const path = pathOf(key);
    const name = path.slice(folder.length + 1).replaceAll('/', '.');
    try {
      if (files.find(path)?.kind !== 'file') {
        if (!has('e')) await stderr.write(Buffer.from(`sysctl: error: '${name}' is an unknown key\n`));
        code = has('e') ? code : 1;
        continue;
      }
      if (assigned !== undefined) throw new FileError('Read-only file system');
      const value = Buffer.from(files.readFile(path)).toString('utf8');
      await stdout.write(Buffer.from(has('n') ? value : `${name} = ${value}`));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await stderr.write(Buffer.from(`sysctl: error setting key '${name}': ${error.message}\n`));
      code = 1;
    }
  }
  return code;
}

/** Where a parameter is; dots and slashes separate alike, and where dots come first slashes stand for dots. */
function pathOf(name: string): string {
  const isDotted = /[./]/.exec(name)?.[0] !== '/';
  const swapped = name.replaceAll(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return MemoryFiles.absolute(isDotted ? swapped : name, folder);
}

/** The names of all parameters below a folder. */
function namesBelow(files: MemoryFiles, path: string): string[] {
  const node = files.find(path);
  if (node?.kind === 'file') return [path.slice(folder.length + 1).replaceAll('/', '.')];
  if (node?.kind !== 'folder') return [];
  return [...node.entries.keys()].toSorted().flatMap((name) => namesBelow(files, `${path}/${name}`));
}
