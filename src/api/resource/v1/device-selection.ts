import { celQuantityOf } from '../../../cel/library/quantities.ts';
import { celSemverOf } from '../../../cel/library/semantic-versions.ts';
import type { CompiledExpression } from '../../../cel/environment.ts';
import { CelEvaluationError, CelMap, type CelValue } from '../../../cel/values.ts';
import type { Device, DeviceAttribute } from '../../types/resource-v1.ts';
import { compileDeviceSelector } from './device-selector-compiler.ts';

/** A device as its driver tells of it. */
export type DescribedDevice = Pick<Device, 'attributes' | 'capacity' | 'allowMultipleAllocations'>;

/** By domain; a domain that nobody has told of is empty, not missing. */
class DomainMap extends CelMap {
  override find(key: CelValue): CelValue | undefined {
    return super.find(key) ?? (typeof key === 'string' ? new CelMap() : undefined);
  }
}

const compiled = new Map<string, CompiledExpression>();
const mostCompiled = 500;

/**
 * Whether an expression chooses a device.
 * @throws CelCompileError for no expression, CelEvaluationError when it comes to no answer for this device
 */
export function selectsDevice(expression: string, driver: string, device: DescribedDevice): boolean {
  let program = compiled.get(expression);
  if (program === undefined) {
    program = compileDeviceSelector(expression);
    if (compiled.size >= mostCompiled) compiled.clear();
    compiled.set(expression, program);
  }
  const value = deviceValue(driver, device);
  const answer = program.evaluate((name) => (name === 'device' ? value : undefined)).value;
  if (typeof answer === 'boolean') return answer;
  throw new CelEvaluationError('CEL result could not be converted to bool');
}

function deviceValue(driver: string, { attributes = {}, capacity = {}, allowMultipleAllocations }: DescribedDevice) {
  return new CelMap([
    ['driver', driver],
    ['allowMultipleAllocations', allowMultipleAllocations === true],
    ['attributes', byDomain(driver, attributes, attributeValue)],
    ['capacity', byDomain(driver, capacity, ({ value }) => celQuantityOf(value))],
  ]);
}

function byDomain<T>(driver: string, all: Readonly<Record<string, T>>, toValue: (one: T) => CelValue): CelMap {
  const domains = new Map<string, [string, CelValue][]>();
  for (const [name, one] of Object.entries(all)) {
    const slash = name.indexOf('/');
    const domain = slash < 0 ? driver : name.slice(0, slash);
    const entries = domains.get(domain) ?? [];
    entries.push([name.slice(slash + 1), toValue(one)]);
    domains.set(domain, entries);
  }
  return new DomainMap([...domains].map(([domain, entries]) => [domain, new CelMap(entries)]));
}

function attributeValue(attribute: DeviceAttribute): CelValue {
  if (attribute.int !== undefined) return BigInt(attribute.int);
  if (attribute.bool !== undefined) return attribute.bool;
  if (attribute.string !== undefined) return attribute.string;
  if (attribute.version !== undefined) return celSemverOf(attribute.version);
  throw new CelEvaluationError('unsupported attribute value');
}

/** An attribute by its name; without a domain it is one of the driver's own. */
export function attributeOf(
  { attributes = {} }: DescribedDevice,
  driver: string,
  name: string,
): DeviceAttribute | undefined {
  const slash = name.indexOf('/');
  const isOwn = slash >= 0 && name.slice(0, slash) === driver;
  return attributes[name] ?? (isOwn ? attributes[name.slice(slash + 1)] : undefined);
}
