import type { IOStreams } from '../system/io-streams.ts';
import { CommandError } from './command.ts';

/**
 * Asks for a user name and a password, which is not shown.
 * @throws CommandError when the input ends, or is no terminal that a password could be typed at.
 */
export async function askForLogin(
  streams: IOStreams,
): Promise<{ readonly username: string; readonly password: string }> {
  streams.out.write('Please enter Username: ');
  let username = '';
  while (username === '') {
    const line = await streams.in.readLine();
    if (line === undefined) throw new CommandError('EOF');
    username = line.trim().split(/\s+/)[0] ?? '';
  }
  streams.out.write('Please enter Password: ');
  if (!streams.in.isTerminal) throw new CommandError('error reading input for Password');
  streams.in.setRawMode(true);
  try {
    const password = await streams.in.readLine();
    // In raw mode Ctrl-C and Ctrl-D arrive as characters.
    if (password === undefined || password.includes('\u0003') || password.includes('\u0004'))
      throw new CommandError('EOF');
    return { username, password };
  } finally {
    streams.in.setRawMode(false);
  }
}
