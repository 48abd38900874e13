import { FileError } from '../memory-files.ts';
import type { ProcessContext, Program } from '../process-context.ts';

/** `agnhost dns-suffix`: the search list, with commas. */
export const runDnsSuffix: Program = (context) => printSetting(context, 'search');

/** `agnhost dns-server-list`: the name servers, with commas. */
export const runDnsServerList: Program = (context) => printSetting(context, 'nameserver');

/** `agnhost etc-hosts`: the hosts file. */
export const runEtcHosts: Program = (context) => printFile(context, '/etc/hosts', (text) => text);

/** The first line that sets something, as the real program reads no further. */
function printSetting(context: ProcessContext, name: string): Promise<number> {
  return printFile(context, '/etc/resolv.conf', (text) => {
    const line = text.split('\n').find((candidate) => candidate.startsWith(name));
    return line?.split(' ').slice(1).join(',');
  });
}

async function printFile(
  { files, stdout, stderr }: ProcessContext,
  path: string,
  tell: (text: string) => string | undefined,
): Promise<number> {
  try {
    const told = tell(Buffer.from(files.readFile(path)).toString('utf8'));
    if (told === undefined) throw new FileError('Could not find DNS search list!');
    await stdout.write(Buffer.from(`${told}\n`));
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await stderr.write(Buffer.from(`panic: ${error.message}\n`));
    return 2;
  }
}
