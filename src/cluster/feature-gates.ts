import { booleanOf } from '../apimachinery/boolean.ts';
import { goQuote } from '../apimachinery/field-error.ts';
import type { MetricRegistry } from '../control-plane/apiserver/metrics/metric-registry.ts';
import { gateNeeds, gatesOfOthers, knownGates } from './known-gates.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';

/** Gates that this server has, and whether they are open when nobody says. */
const defaults = {
  AggregatedDiscoveryRemoveBetaType: true,
  ClusterTrustBundle: false,
  ClusterTrustBundleProjection: false,
  Initializers: false,
  PodCertificateRequest: false,
};

/** What --feature-gates opens, here and (only told on) in other programs. */
export type FeatureGates = Readonly<Record<keyof typeof defaults, boolean>> & {
  readonly ofOthers: ReadonlyMap<string, boolean>;
};

/** Reads --feature-gates, `Name=true,Name=false`. @throws ComponentArgumentError */
export function featureGatesOf(flags: ComponentArguments): FeatureGates {
  const gates = { ...defaults };
  const ofOthers = new Map<string, boolean>();
  for (const item of listArgument(flags, 'feature-gates') ?? []) {
    const [, component = '', gate = ''] = /^(?:([^=:]*):)?(.*)$/s.exec(item.trim()) ?? [];
    if (component !== '' && component !== 'kube') throw refused(`component not registered: ${component}`);
    const [name = '', ...rest] = gate.split('=');
    const value = rest.join('=');
    const isOn = booleanOf(value);
    if (rest.length === 0) throw refused(`missing bool value for ${name}`);
    if (isOn === undefined) {
      const reason = `strconv.ParseBool: parsing ${goQuote(value)}: invalid syntax`;
      throw refused(`invalid value of ${name}=${value}, err: ${reason}`);
    }
    if (isGate(name)) gates[name] = isOn;
    else if (gatesOfOthers.has(name)) ofOthers.set(name, isOn);
    else checkKnownGate(name, isOn);
  }
  checkNeeds(new Map([...ofOthers, ...Object.entries(gates)]));
  return { ...gates, ofOthers };
}

/** @throws ComponentArgumentError when a gate is open that needs one that is closed */
function checkNeeds(moved: ReadonlyMap<string, boolean>): void {
  const isOn = (name: string): boolean => moved.get(name) ?? knownGates.get(name)?.isOpen === true;
  for (const [name, needed] of gateNeeds) {
    if (!isOn(name) || isOn(needed)) continue;
    throw refused(`${name} is enabled, but depends on features that are disabled: [${needed}]`);
  }
}

/** @throws ComponentArgumentError for gates that nobody knows, or that are not moved here */
function checkKnownGate(name: string, isOn: boolean): void {
  const known = knownGates.get(name);
  if (known === undefined) throw refused(`unrecognized feature gate: ${name}`);
  if (known.isOpen === isOn) return;
  throw refused(
    known.isLocked
      ? `cannot set feature gate ${name} to ${isOn}, feature is locked to ${known.isOpen}`
      : `this server cannot set feature gate ${name} to ${isOn}`,
  );
}

/** How far gates are known to be good, as Kubernetes says. */
const stages: Readonly<Record<keyof typeof defaults, string>> = {
  AggregatedDiscoveryRemoveBetaType: 'DEPRECATED',
  ClusterTrustBundle: 'BETA',
  ClusterTrustBundleProjection: 'BETA',
  Initializers: 'ALPHA',
  PodCertificateRequest: 'BETA',
};

/** Tells which gates are open. */
export function describeFeatureGates(registry: MetricRegistry, gates: FeatureGates): void {
  const enabled = registry.gauge({
    name: 'kubernetes_feature_enabled',
    help: 'Whether a feature gate is open.',
    stability: 'BETA',
    labels: ['name', 'stage'],
  });
  const { ofOthers, ...own } = gates;
  for (const [name, { stage, isOpen }] of knownGates) {
    enabled.set([name, stage], (ofOthers.get(name) ?? isOpen) ? 1 : 0);
  }
  for (const [name, isOn] of Object.entries(own)) {
    enabled.set([name, isGate(name) ? stages[name] : ''], isOn ? 1 : 0);
  }
}

/** The gates that are open here though they are closed by default. */
export function openedGates(gates: FeatureGates): ReadonlySet<string> {
  const names = Object.keys(defaults).filter(isGate);
  return new Set(names.filter((name) => gates[name] && !defaults[name]));
}

/** Whether a gate of Kubernetes is open here, one that is not moved as it is by default. */
export function isOpen(gates: FeatureGates, name: string): boolean {
  return isGate(name) ? gates[name] : knownGates.get(name)?.isOpen === true;
}

function isGate(name: string): name is keyof typeof defaults {
  return Object.hasOwn(defaults, name);
}

function refused(reason: string): ComponentArgumentError {
  return new ComponentArgumentError(`invalid argument for "--feature-gates" flag: ${reason}`);
}
