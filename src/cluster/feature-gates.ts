import { goQuote } from '../apimachinery/field-error.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';

/** Gates that this server has, and whether they are open when nobody says. */
const defaults = { Initializers: false };

/** What --feature-gates opens. */
export type FeatureGates = Readonly<Record<keyof typeof defaults, boolean>>;

/** Reads --feature-gates, `Name=true,Name=false`. @throws ComponentArgumentError */
export function featureGatesOf(flags: ComponentArguments): FeatureGates {
  const gates = { ...defaults };
  for (const item of listArgument(flags, 'feature-gates') ?? []) {
    const [name = '', ...rest] = item.trim().split('=');
    const value = rest.join('=');
    if (rest.length === 0) throw refused(`missing bool value for ${name}`);
    if (!/^(1|0|t|f|true|false|T|F|TRUE|FALSE|True|False)$/.test(value)) {
      const reason = `strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`;
      throw refused(`invalid value of ${name}=${value}, err: ${reason}`);
    }
    if (!isGate(name)) throw refused(`unrecognized feature gate: ${name}`);
    gates[name] = /^(1|t|true)$/i.test(value);
  }
  return gates;
}

function isGate(name: string): name is keyof typeof defaults {
  return Object.hasOwn(defaults, name);
}

function refused(reason: string): ComponentArgumentError {
  return new ComponentArgumentError(`invalid argument for "--feature-gates" flag: ${reason}`);
}
