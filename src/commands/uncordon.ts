import { cordoning } from './cordon.ts';

/** `uncordon`: new pods on a node again. */
export const uncordonCommand = cordoning('uncordon', 'Mark node as schedulable', false);
