import type { Unstructured } from './object-meta.ts';
import type { Status } from './status.ts';

/** One event of a watch as it travels: a line of JSON each. */
export type WatchEvent<T = Unstructured> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: T }
  | { readonly type: 'ERROR'; readonly object: Status };
