import { booleanOf } from '../apimachinery/boolean.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';

/** Gates that this server has, and whether they are open when nobody says. */
const defaults = { AggregatedDiscoveryRemoveBetaType: true, Initializers: false };

/** What --feature-gates opens. */
export type FeatureGates = Readonly<Record<keyof typeof defaults, boolean>>;

/** Reads --feature-gates, `Name=true,Name=false`. @throws ComponentArgumentError */
export function featureGatesOf(flags: ComponentArguments): FeatureGates {
  const gates = { ...defaults };
  for (const item of listArgument(flags, 'feature-gates') ?? []) {
    const [name = '', ...rest] = item.trim().split('=');
    const value = rest.join('=');
    const isOn = booleanOf(value);
    if (rest.length === 0) throw refused(`missing bool value for ${name}`);
    if (isOn === undefined) {
      const reason = `strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`;
      throw refused(`invalid value of ${name}=${value}, err: ${reason}`);
    }
    if (!isGate(name)) throw refused(`unrecognized feature gate: ${name}`);
    gates[name] = isOn;
  }
  return gates;
}

function isGate(name: string): name is keyof typeof defaults {
  return Object.hasOwn(defaults, name);
}

function refused(reason: string): ComponentArgumentError {
  return new ComponentArgumentError(`invalid argument for "--feature-gates" flag: ${reason}`);
}
