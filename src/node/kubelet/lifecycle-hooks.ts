import type { LifecycleHandler } from '../../api/types/core-v1.ts';
import {
  execHandler,
  type HandlerContext,
  type HandlerResult,
  type HandlerTarget,
  httpHandler,
  sleepHandler,
  tcpHandler,
} from './runtime-prober.ts';

/** Carries out a postStart or preStop hook. */
export async function runHook(
  context: HandlerContext,
  target: HandlerTarget,
  { exec, httpGet, tcpSocket, sleep }: LifecycleHandler,
  timeoutSeconds: number,
): Promise<HandlerResult> {
  if (exec !== undefined) return execHandler(context, target, exec.command ?? [], timeoutSeconds);
  if (httpGet !== undefined) return httpHandler(context, target, httpGet, timeoutSeconds === 0 ? 30 : timeoutSeconds);
  if (tcpSocket !== undefined) return tcpHandler(context, target, tcpSocket);
  if (sleep !== undefined) return sleepHandler(context, Math.min(sleep.seconds, timeoutSeconds || sleep.seconds));
  return { ok: true, output: '' };
}
