import { goQuote } from '../apimachinery/field-error.ts';
import { booleanOf } from '../apimachinery/boolean.ts';
import type { VerboseLog } from '../system/klog.ts';

interface FeatureGate {
  readonly isOn: boolean;
  /** What the environment says changes nothing. */
  readonly isLocked?: true;
}

/** What client-go 1.36 can do in two ways. None of it changes what a command of ours does. */
const gates: Readonly<Record<string, FeatureGate>> = {
  AtomicFIFO: { isOn: true },
  ClientsAllowCARotation: { isOn: true },
  ClientsAllowCBOR: { isOn: false },
  ClientsAllowTLSCacheGC: { isOn: true },
  ClientsPreferCBOR: { isOn: false },
  InOrderInformers: { isOn: true, isLocked: true },
  InOrderInformersBatchProcess: { isOn: true },
  InformerResourceVersion: { isOn: true },
  UnlockWhileProcessingFIFO: { isOn: true },
  WatchListClient: { isOn: true },
};

/**
 * Tells how client-go's features are set, as the first client does that is made (-v=1).
 * @param complain told of a KUBE_FEATURE_… variable that says nothing: place and message
 */
export function tellFeatureGates(
  env: Readonly<Record<string, string | undefined>>,
  log: VerboseLog,
  complain: (source: string, message: string) => void,
): void {
  const changed = new Map<string, boolean>();
  for (const [name, gate] of Object.entries(gates)) {
    const text = env[`KUBE_FEATURE_${name}`];
    if (text === undefined) continue;
    const isOn = booleanOf(text);
    const about = `feature="${name}" desiredState=${goQuote(text)}`;
    if (isOn === undefined) {
      const reason = `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`;
      complain('envvar.go:176', `"Could not set feature gate" err=${goQuote(reason)} ${about}`);
    } else if (gate.isLocked === true && isOn !== gate.isOn) {
      const message = `"Could not set feature gate, feature is locked" ${about} lockedState=${gate.isOn}`;
      complain('envvar.go:179', message);
    } else {
      changed.set(name, isOn);
    }
  }
  for (const [name, gate] of Object.entries(gates)) {
    const isOn = changed.get(name);
    if (isOn === undefined) {
      log(1, 'envvar.go:195', `"Feature gate default state" feature="${name}" enabled=${gate.isOn}`);
    } else {
      log(1, 'envvar.go:192', `"Feature gate updated state" feature="${name}" enabled=${isOn}`);
    }
  }
}
