import { admissionPluginNames, type PluginSelection } from '../control-plane/admission/admission-chain.ts';
import { ComponentArgumentError, type ComponentArguments } from './component-arguments.ts';

const enableFlag = 'enable-admission-plugins';
const disableFlag = 'disable-admission-plugins';
/** The flag of old: names everything that runs. */
const allFlag = 'admission-control';

/**
 * Which plugins the flags of the API server choose.
 * @throws ComponentArgumentError for names that are none, and for what contradicts itself
 */
export function admissionPluginSelection(flags: ComponentArguments): PluginSelection {
  const all = namesOf(flags, allFlag);
  const enable = namesOf(flags, enableFlag);
  const disable = namesOf(flags, disableFlag);
  const errors: string[] = [];
  if (all !== undefined && (enable ?? disable) !== undefined) {
    errors.push(`${allFlag} and ${enableFlag}/${disableFlag} flags are mutually exclusive`);
  }
  errors.push(
    ...unknownNames(allFlag, all),
    ...unknownNames(enableFlag, enable),
    ...unknownNames(disableFlag, disable),
  );
  const both = new Set(enable?.filter((name) => disable?.includes(name)).toSorted());
  if (both.size > 0) errors.push(`[${[...both].join(' ')}] in ${enableFlag} and ${disableFlag} overlapped`);
  if (errors.length > 0)
    throw new ComponentArgumentError(errors.length === 1 ? errors.join() : `[${errors.join(', ')}]`);
  if (all === undefined) return { enable: enable ?? [], disable: disable ?? [] };
  return { enable: all, disable: admissionPluginNames.filter((name) => !all.includes(name)) };
}

function namesOf(flags: ComponentArguments, flag: string): string[] | undefined {
  return flags
    .get(flag)
    ?.split(',')
    .filter((name) => name !== '');
}

function unknownNames(flag: string, names: readonly string[] = []): string[] {
  return names
    .filter((name) => !admissionPluginNames.includes(name))
    .map((name) => `${flag} plugin "${name}" is unknown`);
}
