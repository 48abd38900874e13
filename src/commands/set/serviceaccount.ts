import { changeCauseOf, recordFlag } from '../../cli/change-cause.ts';
import { CommandError, defineCommand } from '../../cli/command.ts';
import { throwFailures } from '../../cli/exit.ts';
import { changeObjects, checkLocal, loadForChange, type SetOptions, setFlags, setOptions } from './change-objects.ts';
import { podSpecOf } from './pod-spec.ts';
import { includeUninitializedFlag } from '../../cli/uninitialized-choice.ts';

/** `set serviceaccount`. */
export const setServiceAccountCommand = defineCommand<SetOptions & { readonly account: string }>({
  path: ['set', 'serviceaccount'],
  aliases: ['sa'],
  usage: '(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT',
  short: 'Update the service account of a resource',
  long:
    'Set the service account that pods run as.\n\n' +
    'Possible kinds: replicationcontroller (rc), deployment (deploy), daemonset (ds), job, replicaset (rs), statefulset',
  examples:
    '  # A deployment\n  kubectl set serviceaccount deployment web robot\n\n' +
    '  # A manifest, without a server\n  kubectl set sa -f web.yaml robot --local -o yaml',
  flags: [...setFlags, recordFlag, includeUninitializedFlag],
  async toOptions(args, flags, context) {
    const options = await setOptions(args.slice(0, -1), flags, 'serviceaccount updated', context);
    checkLocal(options);
    const account = args.at(-1);
    if (account === undefined) throw new CommandError('serviceaccount is required');
    return { ...options, selector: '', account, cause: changeCauseOf(flags, ['set', 'serviceaccount'], args) };
  },
  async run(options, context) {
    const targets = await loadForChange(options, context, true);
    const apply = (object: (typeof targets)[number]['object']): void => {
      podSpecOf(object).serviceAccountName = options.account;
    };
    const change = { apply, failure: 'failed to patch ServiceAccountName ', tellsUnchanged: true };
    throwFailures(await changeObjects(targets, change, options, context));
  },
});
