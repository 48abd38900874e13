import { goQuote } from '../apimachinery/field-error.ts';
import { nameServers } from '../system/name-servers.ts';
import { type CertificateValidity, lapseText } from './certificate-validity.ts';
import { maxResponseHeaderBytes, type TransportError } from './transport-error.ts';

const unknownAuthority = 'x509: certificate signed by unknown authority';
const outsideValidity = 'x509: certificate has expired or is not yet valid';
/** What is said of a certificate whose only name is that of its subject. */
export const legacyNameReason = 'certificate relies on legacy Common Name field, use SANs instead';

const tlsReasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  CERT_HAS_EXPIRED: outsideValidity,
  CERT_NOT_YET_VALID: outsideValidity,
  INVALID_PURPOSE: 'x509: certificate specifies an incompatible key usage',
};

/** A request and why no answer came, as Go's url.Error puts it: `Get "https://host/api": EOF`. */
export function requestFailure(error: TransportError): string {
  return error.request === '' ? transportReason(error) : `${error.request}: ${transportReason(error)}`;
}

/** Why no answer came, in the words of Go's net, net/http and crypto/tls. */
export function transportReason(error: TransportError): string {
  const reason = ownReason(error);
  const { throughProxy = false } = (error.cause ?? {}) as { readonly throughProxy?: boolean };
  return throughProxy && reason.startsWith('dial tcp') ? `proxyconnect tcp: ${reason}` : reason;
}

function ownReason(error: TransportError): string {
  switch (error.kind) {
    case 'refused':
      return `dial tcp ${dialedAddress(error)}: connect: connection refused`;
    case 'dns':
      return `dial tcp: ${lookupReason(error.address, error.code)}`;
    case 'reset':
      return resetReason(error);
    case 'timeout':
      return error.code === 'UND_ERR_CONNECT_TIMEOUT' || error.code === 'ETIMEDOUT'
        ? `dial tcp ${error.address}: i/o timeout`
        : 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)';
    case 'tls':
      if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(error.code)) {
        return 'http: server gave HTTP response to HTTPS client';
      }
      if (error.code === 'ERR_TLS_CERT_ALTNAME_INVALID') return wrongNameReason(error);
      if (error.code.endsWith('KEY_VALUES_MISMATCH')) return 'tls: private key does not match public key';
      return `tls: failed to verify certificate: ${tlsReasons[error.code] ?? `x509: ${error.message}`}${lapseOf(error)}`;
    default:
      return protocolReason(error) ?? error.message;
  }
}

function lapseOf({ code, cause }: TransportError): string {
  const { validity } = (cause ?? {}) as { readonly validity?: CertificateValidity };
  return validity === undefined || tlsReasons[code] !== outsideValidity ? '' : lapseText(validity);
}

/**
 * Why a name has no address, as Go's own resolver puts it, which names the server that it asked; it asks nobody about
 * what is no name.
 * @param address with or without port
 * @param code of Node's error
 */
export function lookupReason(address: string, code: string): string {
  const name = address.replace(/:\d+$/, '');
  const [server] = nameServers();
  if (server === undefined || !/[a-z_]/i.test(name)) return `lookup ${name}: no such host`;
  const at = server.includes(':') ? (server.startsWith('[') ? server : `[${server}]:53`) : `${server}:53`;
  return `lookup ${name} on ${at}: ${code === 'EAI_AGAIN' ? 'server misbehaving' : 'no such host'}`;
}

/** A connection that was broken off says between which ends it was, where that is known; one that just ended does not. */
function resetReason({ code, cause }: TransportError): string {
  const { connection } = (cause ?? {}) as { readonly connection?: string };
  return code === 'ECONNRESET' && connection !== undefined
    ? `read tcp ${connection}: read: connection reset by peer`
    : 'EOF';
}

/** What is wrong with an answer that is no HTTP/1.1; the parser's error tells what it stopped at. */
function protocolReason({ code, message, cause }: TransportError): string | undefined {
  const broken = 'net/http: HTTP/1.x transport connection broken:';
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return `${broken} net/http: server response headers exceeded ${maxResponseHeaderBytes} bytes; aborted`;
  }
  const { name, data = '' } = (cause ?? {}) as { readonly name?: string; readonly data?: string };
  if (name !== 'HTTPParserError') return undefined;
  const [line = ''] = data.split(/\r?\n/);
  if (message.includes('(Expected HTTP/')) return `${broken} malformed HTTP response ${goQuote(line)}`;
  if (message.includes('(Invalid status code)'))
    return `${broken} malformed HTTP status code ${goQuote(line.split(' ')[0] ?? '')}`;
  return `${broken} ${message}`;
}

/** The address that was tried, where Node tells it; the name it was found by otherwise. */
function dialedAddress({ cause, address }: TransportError): string {
  const { address: host = '', port } = (cause ?? {}) as { readonly address?: string; readonly port?: number };
  if (host === '' || port === undefined) return address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Node's error for a certificate of other names. */
interface WrongName {
  readonly host?: string;
  readonly cert?: { readonly subjectaltname?: string; readonly subject?: { readonly CN?: string } };
}

/** A certificate for other names than the one that was asked for. */
function wrongNameReason(error: TransportError): string {
  const { host = '', cert } = (error.cause ?? {}) as WrongName;
  const isAddress = /^[\d.]+$|:/.test(host);
  const prefix = isAddress ? 'IP Address:' : 'DNS:';
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  const failed = 'tls: failed to verify certificate: x509:';
  const { subjectaltname = '', subject } = cert ?? {};
  if (subjectaltname === '' && subject?.CN === host) {
    return `${failed} ${legacyNameReason}`;
  }
  if (names.length > 0) return `${failed} certificate is valid for ${names.join(', ')}, not ${host}`;
  return isAddress
    ? `${failed} cannot validate certificate for ${host} because it doesn't contain any IP SANs`
    : `${failed} certificate is not valid for any names, but wanted to match ${host}`;
}
