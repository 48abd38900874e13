import { parseIntOrString } from '../../apimachinery/int-or-string.ts';
import { CommandError } from '../../cli/command.ts';
import { objectSelector } from '../../generators/object-selector.ts';
import { defined, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

const amount = /^[0-9]+%?$/;

/** `create poddisruptionbudget`. */
export const createPodDisruptionBudgetCommand = createFromFlags({
  path: ['create', 'poddisruptionbudget'],
  aliases: ['pdb'],
  usage: 'NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none]',
  short: 'Create a pod disruption budget with the specified name',
  long: 'Create a pod disruption budget: how many of the selected pods must stay, or may be missing, at any time.',
  examples:
    '  # Half of them must stay\n  kubectl create poddisruptionbudget web --selector=app=web --min-available=50%',
  flags: [
    { name: 'max-unavailable', type: 'string', default: '', description: 'How many pods, or %, may be missing' },
    { name: 'min-available', type: 'string', default: '', description: 'How many pods, or %, must stay' },
    { name: 'selector', type: 'string', default: '', description: 'The pods it is for, by their labels' },
  ],
  resource: { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' },
  namespaced: true,
  failure: 'failed to create poddisruptionbudgets: ',
  prepare({ name, flags }) {
    const least = flags.string('min-available');
    const most = flags.string('max-unavailable');
    const problem = (isWrong: boolean, message: string): void => {
      if (isWrong) throw new CommandError(message);
    };
    problem(flags.string('selector') === '', 'a selector must be specified');
    problem(least === '' && most === '', 'one of min-available or max-unavailable must be specified');
    problem(least !== '' && most !== '', 'min-available and max-unavailable cannot be both specified');
    problem(least !== '' && !amount.test(least), 'invalid format specified for min-available');
    problem(most !== '' && !amount.test(most), 'invalid format specified for max-unavailable');
    const spec = defined({
      minAvailable: least === '' ? undefined : parseIntOrString(least),
      selector: objectSelector(flags.string('selector')),
      maxUnavailable: most === '' ? undefined : parseIntOrString(most),
    });
    const status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
    return () => typedObject('policy/v1', 'PodDisruptionBudget', { name }, { spec, status });
  },
});
