import type { ProcessContext } from '../process-context.ts';
import { serve } from './web-server.ts';

/** What the page of the image computes takes of a processor. */
const secondsOfAPage = 0.02;

/**
 * The program of the image `hpa-example` (`php-apache` in Kubernetes' walk-through of autoscaling): a page that takes some
 * time of a processor, and more of the clock where the container is held to less than it needs.
 */
export async function runHpaExample(context: ProcessContext): Promise<number> {
  return serve(context, 80, async (_, response) => {
    await context.usage.work(secondsOfAPage, context.signal);
    response.writeHead(200, { 'content-type': 'text/html; charset=UTF-8' });
    response.end('OK!');
  });
}
