import type { Timer } from '../../system/clock.ts';
import type { Controller, ControllerContext } from './controller.ts';

/** A control loop that looks at everything now and then; a look that fails is logged, and the next one comes all the same. */
export function createPeriodicController(options: {
  readonly name: string;
  readonly context: ControllerContext;
  readonly periodMillis: number;
  readonly run: () => Promise<void>;
}): Controller {
  const { name, context, periodMillis, run } = options;
  let timer: Timer | undefined;
  let working: Promise<void> = Promise.resolve();
  let isStopped = false;
  const look = (): void => {
    working = run()
      .catch((error: unknown) => {
        if (!isStopped) context.log.warn(`${name}: a look failed`, { error: String(error) });
      })
      .finally(() => lookIn(periodMillis));
  };
  const lookIn = (millis: number): void => {
    if (!isStopped) timer = context.clock.setTimer(look, millis, { unref: true });
  };
  return {
    name,
    start: () => lookIn(0),
    async stop() {
      isStopped = true;
      timer?.cancel();
      await working;
    },
  };
}
