import { CommandError, type FlagValues } from '../../cli/command.ts';

/** Flags that say where credentials come from in another way. */
const otherWays = [
  'auth-provider',
  'auth-provider-arg',
  'embed-certs',
  'exec-api-version',
  'exec-arg',
  'exec-command',
  'exec-env',
  'exec-interactive-mode',
  'exec-provide-cluster-info',
] as const;

/** Refuses what the keychain cannot be used for. @throws CommandError */
export function checkKeychainFlags(flags: FlagValues): void {
  const other = otherWays.find((name) => flags.changed(name));
  if (other !== undefined) throw new CommandError(`--keychain and --${other} exclude each other`);
  if (flags.string('username') !== '' || flags.string('password') !== '') {
    throw new CommandError(
      '--keychain cannot keep a password: credential plugins hand out tokens and client certificates, nothing else',
    );
  }
  if (flags.string('token') === '' && flags.string('client-key') === '') {
    throw new CommandError('--keychain needs a --token, or a --client-key with its --client-certificate');
  }
  if ((flags.string('client-key') === '') !== (flags.string('client-certificate') === '')) {
    throw new CommandError('--keychain keeps a client certificate and its key together: give both');
  }
}
