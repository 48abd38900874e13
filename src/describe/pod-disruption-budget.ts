import type { PodDisruptionBudget } from '../api/types/policy-v1.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';
import { selectorText } from './pod-template.ts';

/** A disruption budget. */
export const describePodDisruptionBudget: Describer = async (object, text, context) => {
  const { metadata, spec = {}, status } = object as unknown as PodDisruptionBudget;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata?.namespace ?? ''}`);
  if (spec.minAvailable !== undefined) text.line(0, `Min available:\t${spec.minAvailable}`);
  else if (spec.maxUnavailable !== undefined) text.line(0, `Max unavailable:\t${spec.maxUnavailable}`);
  text.line(0, `Selector:\t${spec.selector === undefined ? '<unset>' : selectorText(spec.selector)}`);
  text.line(0, 'Status:');
  text.line(2, `Allowed disruptions:\t${status?.disruptionsAllowed ?? 0}`);
  text.line(2, `Current:\t${status?.currentHealthy ?? 0}`);
  text.line(2, `Desired:\t${status?.desiredHealthy ?? 0}`);
  text.line(2, `Total:\t${status?.expectedPods ?? 0}`);
  await describeEvents(object, text, context);
};
