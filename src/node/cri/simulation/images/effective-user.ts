import type { ProcessContext } from '../process-context.ts';

/** The program of the image `nonewprivs`, whose file is root's and has the set-user-ID bit: it says who it runs as. */
export async function runEffectiveUser({ user, noNewPrivileges, stdout }: ProcessContext): Promise<number> {
  await stdout.write(Buffer.from(`Effective uid: ${noNewPrivileges ? user.uid : 0}\n`));
  return 0;
}
