import type { TypeProvider } from '../../../cel/checker.ts';
import { type CompiledExpression, createEnvironment, type Environment } from '../../../cel/environment.ts';
import { CelCompileError } from '../../../cel/issues.ts';
import { quantityType } from '../../../cel/library/quantities.ts';
import { type CelType, formatType, isDyn, isSameType, mapType, structType, types } from '../../../cel/types.ts';

const deviceType = structType('kubernetes.DRADevice');

/** What expressions see of a device (dynamic-resource-allocation's cel/compile.go). */
const deviceFields: Readonly<Record<string, CelType>> = {
  driver: types.string,
  allowMultipleAllocations: types.bool,
  attributes: mapType(types.string, mapType(types.string, types.dyn)),
  capacity: mapType(types.string, mapType(types.string, quantityType)),
};

const provider: TypeProvider = {
  hasType: (name) => name === deviceType.name,
  fieldType: (name, field) =>
    name === deviceType.name && Object.hasOwn(deviceFields, field) ? deviceFields[field] : undefined,
};

let environment: Environment | undefined;

/** An expression over a device, ready to be asked. @throws CelCompileError */
export function compileDeviceSelector(expression: string): CompiledExpression {
  environment ??= createEnvironment({ variables: { device: deviceType }, provider });
  return environment.compile(expression);
}

/** Why an expression cannot select devices; undefined when it can. */
export function deviceSelectorProblem(expression: string): string | undefined {
  try {
    const { type } = compileDeviceSelector(expression);
    if (isSameType(type, types.bool) || isDyn(type)) return undefined;
    return `must evaluate to bool or the unknown type, not ${formatType(type)}`;
  } catch (error) {
    if (error instanceof CelCompileError) return `compilation failed: ${error.message}`;
    throw error;
  }
}
