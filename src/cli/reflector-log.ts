import type { VerboseLog } from '../system/klog.ts';

/** Tells of following objects in the words of client-go's reflector, whose part it has. */
export interface ReflectorLog {
  /** Before the first look. */
  started(): void;
  /** What was there has been seen; told once. */
  populated(): void;
  /** Nothing where it was not begun. */
  stopped(): void;
}

/** @param type of the objects as Go has it */
export function reflectorLog(log: VerboseLog, type = '*unstructured.Unstructured'): ReflectorLog {
  const who = `type="${type}"`;
  const reflector = 'reflector="k8s.io/client-go/tools/watch/informerwatcher.go:162"';
  let step: 'new' | 'started' | 'populated' = 'new';
  return {
    started() {
      if (step !== 'new') return;
      step = 'started';
      log(3, 'reflector.go:425', `"Starting reflector" ${who} resyncPeriod="0s" ${reflector}`);
      log(3, 'reflector.go:472', `"Listing and watching" ${who} ${reflector}`);
    },
    populated() {
      if (step !== 'started') return;
      step = 'populated';
      log(2, 'reflector.go:507', `"Caches populated" ${who} ${reflector}`);
    },
    stopped() {
      if (step === 'new') return;
      log(3, 'reflector.go:434', `"Stopping reflector" ${who} resyncPeriod="0s" ${reflector}`);
    },
  };
}
