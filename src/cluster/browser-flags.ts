import {
  allowedOrigin,
  type BrowserRules,
  forBrowsers,
  OriginError,
} from '../control-plane/apiserver/filters/for-browsers.ts';
import type { ApiServerOptions } from '../control-plane/apiserver/server.ts';
import { ComponentArgumentError, type ComponentArguments, listArgument } from './component-arguments.ts';

/** Reads `--cors-allowed-origins` and `--strict-transport-security-directives`. @throws ComponentArgumentError */
export function browserOptions(flags: ComponentArguments): Pick<ApiServerOptions, 'forBrowsers'> {
  const rules: BrowserRules = {
    allowedOrigins: (listArgument(flags, 'cors-allowed-origins') ?? []).map(originPattern),
    transportSecurity: listArgument(flags, 'strict-transport-security-directives') ?? [],
  };
  for (const directive of rules.transportSecurity) {
    if (/^(?:includeSubDomains|preload|max-age=[^=]*)$/.test(directive)) continue;
    throw new ComponentArgumentError(
      '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information',
    );
  }
  return rules.allowedOrigins.length + rules.transportSecurity.length === 0 ? {} : { forBrowsers: forBrowsers(rules) };
}

function originPattern(text: string): RegExp {
  try {
    return allowedOrigin(text);
  } catch (error) {
    if (!(error instanceof OriginError)) throw error;
    throw new ComponentArgumentError(`--cors-allowed-origins has an invalid regular expression: ${error.message}`);
  }
}
