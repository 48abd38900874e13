import { canonicalQuantity } from '../../apimachinery/quantity.ts';
import { CommandError } from '../../cli/command.ts';
import { defined, sortedMap, typedObject } from '../../generators/typed-json.ts';
import { createFromFlags } from './create-from-flags.ts';

/** `create quota`. */
export const createQuotaCommand = createFromFlags({
  path: ['create', 'quota'],
  aliases: ['resourcequota'],
  usage: 'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none]',
  short: 'Create a quota with the specified name',
  long: 'Create a resource quota with hard limits and, if wanted, scopes.',
  examples: '  # At most two processors and ten pods\n  kubectl create quota small --hard=cpu=2,pods=10',
  flags: [
    { name: 'hard', type: 'string', default: '', description: 'Limits as resource=quantity, with commas between them' },
    { name: 'scopes', type: 'string', default: '', description: 'Scopes it is for, with commas between them' },
  ],
  resource: { group: '', version: 'v1', resource: 'resourcequotas' },
  namespaced: true,
  failure: 'failed to create quota: ',
  prepare({ name, flags }) {
    const limits = hardLimits(flags.string('hard'));
    const text = flags.string('scopes');
    const scopes = text === '' ? undefined : text.split(',');
    if (scopes?.includes('') === true) throw new CommandError('invalid resource quota scope ""');
    const spec = defined({ hard: sortedMap(limits), scopes });
    return () => typedObject('v1', 'ResourceQuota', { name }, { spec, status: {} });
  },
});

function hardLimits(text: string): Map<string, string> {
  const limits = new Map<string, string>();
  for (const statement of text === '' ? [] : text.split(',')) {
    const parts = statement.split('=');
    const [resource = '', quantity = ''] = parts;
    if (parts.length !== 2) {
      throw new CommandError(`Invalid argument syntax ${statement}, expected <resource>=<value>`);
    }
    limits.set(resource, canonicalQuantity(quantity));
  }
  return limits;
}
