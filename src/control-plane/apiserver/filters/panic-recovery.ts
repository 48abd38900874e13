import { StatusError } from '../../../apimachinery/status.ts';
import type { Logger } from '../../../system/logger.ts';
import type { MediaTypeCodec } from '../negotiation.ts';
import type { Filter } from '../request-context.ts';
import { errorResponse } from '../responses.ts';

/** Turns whatever is thrown below into a Status answer; what is no StatusError is logged, since it is a bug of ours. */
export function withPanicRecovery(codecs: readonly MediaTypeCodec[], log: Logger): Filter {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      if (!(error instanceof StatusError)) {
        log.error('request failed', {
          method: request.method,
          path: request.info.path,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        });
      }
      return errorResponse(request, codecs, error);
    }
  };
}
