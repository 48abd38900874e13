import { type DryRun, parseDryRun } from '../resource/dry-run.ts';
import { klogLine } from '../system/klog.ts';
import type { CommandContext, FlagValues } from './command.ts';

/** What --dry-run asks for; its old values are warned of. @throws DryRunError */
export function dryRunOf(flags: FlagValues, { clock, streams }: Pick<CommandContext, 'clock' | 'streams'>): DryRun {
  return parseDryRun(flags.string('dry-run'), (source, text) =>
    streams.err.write(klogLine('W', clock.now(), source, text)),
  );
}
