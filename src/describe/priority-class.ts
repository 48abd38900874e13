import type { PriorityClass } from '../api/types/scheduling-v1.ts';
import { formatLabels } from '../printers/table-printer.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** A priority class. */
export const describePriorityClass: Describer = async (object, text, context) => {
  const { metadata, value, globalDefault, preemptionPolicy, description } = object as unknown as PriorityClass;
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Value:\t${value}`);
  text.line(0, `GlobalDefault:\t${globalDefault ?? false}`);
  text.line(0, `PreemptionPolicy:\t${preemptionPolicy ?? ''}`);
  text.line(0, `Description:\t${description ?? ''}`);
  text.line(0, `Annotations:\t${formatLabels(metadata?.annotations)}`);
  await describeEvents(object, text, context);
};
