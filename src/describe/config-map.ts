import type { ConfigMap } from '../api/types/core-v1.ts';
import type { Describer } from './describer.ts';
import { findEvents, subjectOf, writeEvents } from './events.ts';

/** A config map, with what it holds. */
export const describeConfigMap: Describer = async (object, text, context) => {
  const { metadata, data = {}, binaryData = {} } = object as unknown as ConfigMap;
  text.line(0, `Name:\t${metadata.name ?? ''}`);
  text.line(0, `Namespace:\t${metadata.namespace ?? ''}`);
  text.labels('Labels', metadata.labels);
  text.annotations('Annotations', metadata.annotations);
  text.line(0, '\nData\n====');
  for (const key of Object.keys(data).toSorted()) text.line(0, `${key}:\n----\n${data[key] ?? ''}\n`);
  text.line(0, '\nBinaryData\n====');
  for (const key of Object.keys(binaryData).toSorted()) {
    text.line(0, `${key}: ${Buffer.from(binaryData[key] ?? '', 'base64').length} bytes`);
  }
  text.line(0, '');
  // Unlike other kinds this one fails where its events cannot be read.
  if (context.showEvents) writeEvents(await findEvents(subjectOf(object), context), text, context.now);
};
