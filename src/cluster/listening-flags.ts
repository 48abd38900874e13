import type { ListenOptions } from '../control-plane/apiserver/listen.ts';
import { tlsLimits } from './tls-flags.ts';
import type { Random } from '../system/random.ts';
import {
  ComponentArgumentError,
  booleanArgument,
  type ComponentArguments,
  integerArgument,
  numberArgument,
} from './component-arguments.ts';

const maxGoawayChance = 0.02;

/**
 * Reads `--http2-max-streams-per-connection`, `--disable-http2-serving`, `--goaway-chance` and what is said of TLS.
 * @throws ComponentArgumentError
 */
export function listeningOptions(
  flags: ComponentArguments,
  random: Random,
): Pick<ListenOptions, 'hasHttp2' | 'maxStreamsPerConnection' | 'mustReconnect' | 'tlsLimits'> {
  const maxStreams = integerArgument(flags, 'http2-max-streams-per-connection', 0);
  const chance = numberArgument(flags, 'goaway-chance', 0);
  if (chance < 0 || chance > maxGoawayChance) {
    throw new ComponentArgumentError(`--goaway-chance can not be less than 0 or greater than ${maxGoawayChance}`);
  }
  return {
    hasHttp2: !booleanArgument(flags, 'disable-http2-serving', false),
    tlsLimits: tlsLimits(flags),
    ...(maxStreams <= 0 ? {} : { maxStreamsPerConnection: maxStreams }),
    ...(chance === 0 ? {} : { mustReconnect: () => random.next() < chance }),
  };
}
