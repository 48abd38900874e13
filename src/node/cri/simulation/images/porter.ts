import type { ProcessContext } from '../process-context.ts';
import { parseFlags } from './program-flags.ts';
import { sniffedType } from './sniffed-type.ts';
import { type Answer, readIdentity, serve } from './web-server.ts';

/**
 * `agnhost porter`: on each port that a variable like `SERVE_PORT_80` names, the variable's value over HTTP or HTTPS, or
 * in answer to any datagram or message of SCTP.
 */
export async function runPorter(context: ProcessContext): Promise<number> {
  const isJson = parseFlags(context.args.slice(1)).get('json-response') === 'true';
  const servers = [...context.env].flatMap(([name, value]) => {
    const [, kind, port] = /^SERVE_(?:(TCP|TLS)_)?PORT_(\d+)$/.exec(name) ?? [];
    return port === undefined ? [] : [{ isSecure: kind === 'TLS', port: Number(port), value }];
  });
  const { env } = context;
  for (const [name, value] of env) {
    const [, protocol, port] = /^SERVE_(UDP|SCTP)_PORT_(\d+)$/.exec(name) ?? [];
    if (port === undefined) continue;
    context.listenDatagrams(Number(port), () => Buffer.from(value), protocol === 'SCTP' ? 'SCTP' : 'UDP');
  }
  const identity = servers.some(({ isSecure }) => isSecure)
    ? await readIdentity(context, env.get('CERT_FILE') ?? 'localhost.crt', env.get('KEY_FILE') ?? 'localhost.key')
    : undefined;
  const codes = await Promise.all(
    servers.map(({ isSecure, port, value }) =>
      serve(context, port, saying(value, isJson), isSecure ? identity : undefined),
    ),
  );
  return codes[0] ?? serve(context, 0, saying('', false));
}

function saying(value: string, isJson: boolean): Answer {
  return ({ method = '' }, response) => {
    response.setHeader('content-type', isJson ? 'application/json' : sniffedType(value));
    response.end(isJson ? JSON.stringify({ Method: method, Body: value }) : value);
  };
}
