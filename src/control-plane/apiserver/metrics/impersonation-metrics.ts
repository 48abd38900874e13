import type { ImpersonationObserver } from '../filters/impersonation.ts';
import type { Counter, Histogram, MetricRegistry } from './metric-registry.ts';

const doublings = 15;
const buckets = Array.from({ length: doublings }, (_none, power) => 2 ** power / 1000);

interface Families {
  readonly total: Counter;
  readonly seconds: Histogram;
}

/** Counts who asks to be somebody else, by the names of kube-apiserver 1.36. Nothing before `bind`. */
export class ImpersonationMetrics implements ImpersonationObserver {
  #attempts: Families | undefined;
  #questions: Families | undefined;

  bind(registry: MetricRegistry): void {
    const families = (name: string, what: string): Families => {
      const options = { stability: 'ALPHA', labels: ['mode', 'decision'] } as const;
      const prefix = `apiserver_impersonation_${name}`;
      return {
        total: registry.counter({ ...options, name: `${prefix}_total`, help: `${what}, by way and decision.` }),
        seconds: registry.histogram({
          ...options,
          name: `${prefix}_duration_seconds`,
          help: `Seconds that it took: ${what.toLowerCase()}, by way and decision.`,
          buckets,
        }),
      };
    };
    this.#attempts = families('attempts', 'Requests to go on as somebody else');
    this.#questions = families('authorization_attempts', 'Questions whether somebody may go on as somebody else');
  }

  attempted(mode: string, isAllowed: boolean, seconds: number): void {
    note(this.#attempts, mode, isAllowed, seconds);
  }

  asked(verb: string, isAllowed: boolean, seconds: number): void {
    note(this.#questions, modeOfVerb(verb), isAllowed, seconds);
  }
}

function note(families: Families | undefined, mode: string, isAllowed: boolean, seconds: number): void {
  const labels = [mode, isAllowed ? 'allowed' : 'denied'];
  families?.total.add(labels);
  families?.seconds.observe(labels, seconds);
}

/** The way of impersonating that a question's verb belongs to: `impersonate:MODE` or `impersonate-on:MODE:VERB`. */
function modeOfVerb(verb: string): string {
  return verb.split(':')[1] ?? 'legacy';
}
