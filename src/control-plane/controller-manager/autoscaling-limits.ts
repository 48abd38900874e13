import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../api/types/autoscaling-v2.ts';

/** --horizontal-pod-autoscaler-downscale-stabilization */
const stabilizationSeconds = 300;

interface Recommendation {
  readonly replicas: number;
  readonly at: number;
}

interface Change {
  readonly amount: number;
  readonly at: number;
}

/** A number of replicas, and the conditions that say how it came about. */
export interface Limited {
  readonly replicas: number;
  readonly able: { readonly reason: string; readonly message: string };
  readonly limited: { readonly status: 'True' | 'False'; readonly reason: string; readonly message: string };
}

export interface LimitInput {
  readonly current: number;
  readonly desired: number;
  readonly min: number;
  readonly max: number;
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined;
  readonly now: number;
}

const messages = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
  DesiredWithinRange: 'the desired count is within the acceptable range',
  ScaleUpStabilized: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
  ScaleDownStabilized:
    'recent recommendations were higher than current one, applying the highest recent recommendation',
  ReadyForNewScale: 'recommended size matches current size',
} as const;

/** What is remembered of one autoscaler: what it recommended, and what it did. */
export class ScalingHistory {
  #recommendations: Recommendation[];
  #ups: Change[] = [];
  #downs: Change[] = [];

  /** @param current the number of replicas that it found */
  constructor(current: number, now: number) {
    this.#recommendations = [{ replicas: current, at: now }];
  }

  /** Remembers that it was scaled. */
  scaled(from: number, to: number, behavior: HorizontalPodAutoscalerBehavior | undefined, now: number): void {
    if (behavior === undefined) return;
    const periods = [behavior.scaleUp, behavior.scaleDown].flatMap((rules) =>
      (rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds),
    );
    const oldest = now - Math.max(0, ...periods) * 1000;
    this.#ups = this.#ups.filter(({ at }) => at >= oldest);
    this.#downs = this.#downs.filter(({ at }) => at >= oldest);
    (to > from ? this.#ups : this.#downs).push({ amount: Math.abs(to - from), at: now });
  }

  /** What is done of what is desired: not at once after other recommendations, not too fast, within the bounds. */
  limit(input: LimitInput): Limited {
    const { desired, behavior } = input;
    const stable = behavior === undefined ? this.#highest(input) : this.#between(input, behavior);
    const bounds = { ...input, desired: stable };
    const [replicas, reason] = behavior === undefined ? withinBounds(bounds) : this.#withinRates(bounds, behavior);
    const direction = behavior !== undefined && desired >= input.current ? 'ScaleUpStabilized' : 'ScaleDownStabilized';
    const able = stable === desired ? 'ReadyForNewScale' : direction;
    return {
      replicas,
      able: { reason: able, message: messages[able] },
      limited: { status: replicas === stable ? 'False' : 'True', reason, message: messages[reason] },
    };
  }

  #remember(replicas: number, oldest: number, now: number): void {
    this.#recommendations = this.#recommendations.filter(({ at }) => at >= oldest);
    this.#recommendations.push({ replicas, at: now });
  }

  #highest({ desired, now }: LimitInput): number {
    const oldest = now - stabilizationSeconds * 1000;
    const recent = this.#recommendations.filter(({ at }) => at >= oldest).map(({ replicas }) => replicas);
    this.#remember(desired, oldest, now);
    return Math.max(desired, ...recent);
  }

  #between({ current, desired, now }: LimitInput, { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): number {
    const upFrom = now - (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000;
    const downFrom = now - (scaleDown?.stabilizationWindowSeconds ?? stabilizationSeconds) * 1000;
    const since = (from: number): number[] =>
      this.#recommendations.filter(({ at }) => at > from).map(({ replicas }) => replicas);
    const lowest = Math.min(desired, ...since(upFrom));
    const highest = Math.max(desired, ...since(downFrom));
    this.#remember(desired, Math.min(upFrom, downFrom), now);
    return Math.min(Math.max(current, lowest), highest);
  }

  #withinRates(input: LimitInput, behavior: HorizontalPodAutoscalerBehavior): [number, keyof typeof messages] {
    const { current, desired, min, max, now } = input;
    if (desired > current) {
      const rate = Math.max(current, this.#rate(current, behavior.scaleUp, 1, now));
      const [most, reason] = max > rate ? ([rate, 'ScaleUpLimit'] as const) : ([max, 'TooManyReplicas'] as const);
      if (desired > most) return [most, reason];
    } else if (desired < current) {
      const rate = Math.min(current, this.#rate(current, behavior.scaleDown, -1, now));
      const [least, reason] = min < rate ? ([rate, 'ScaleDownLimit'] as const) : ([min, 'TooFewReplicas'] as const);
      if (desired < least) return [least, reason];
    }
    return [desired, 'DesiredWithinRange'];
  }

  /** How far the rules let it go from here. @param direction 1 up, -1 down */
  #rate(current: number, rules: HPAScalingRules | undefined, direction: 1 | -1, now: number): number {
    if (rules?.selectPolicy === 'Disabled') return current;
    const reached = (rules?.policies ?? []).map(({ type, value, periodSeconds }) => {
      const from = now - periodSeconds * 1000;
      const sum = (changes: readonly Change[]): number =>
        changes.filter(({ at }) => at > from).reduce((total, { amount }) => total + amount, 0);
      const before = current - sum(this.#ups) + sum(this.#downs);
      if (type === 'Pods') return before + direction * value;
      const scaled = before * (1 + (direction * value) / 100);
      return direction === 1 ? Math.ceil(scaled) : Math.trunc(scaled);
    });
    if (reached.length === 0) return direction === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const isGreatest = (rules?.selectPolicy === 'Min') === (direction === -1);
    return isGreatest ? Math.max(...reached) : Math.min(...reached);
  }
}

/** Without rules: at most twice as many, or four. */
function withinBounds({ current, desired, min, max }: LimitInput): [number, keyof typeof messages] {
  const rate = Math.max(2 * current, 4);
  if (desired < min) return [min, 'TooFewReplicas'];
  const [most, reason] = max > rate ? ([rate, 'ScaleUpLimit'] as const) : ([max, 'TooManyReplicas'] as const);
  return desired > most ? [most, reason] : [desired, 'DesiredWithinRange'];
}
