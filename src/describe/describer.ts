import type { Unstructured } from '../apimachinery/object-meta.ts';
import type { Client } from '../client/client.ts';
import type { DescribeText } from './describe-text.ts';

/** What a description needs besides the object. */
export interface DescribeContext {
  readonly client: Client;
  readonly showEvents: boolean;
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  /** How many objects at once lists are asked for; 0 is all. */
  readonly chunkSize: number;
}

/** Describes the objects of one kind. */
export type Describer = (object: Unstructured, text: DescribeText, context: DescribeContext) => Promise<void>;
