import type { CertificateSigningRequest } from '../api/types/certificates-v1.ts';
import { humanDuration } from '../apimachinery/duration.ts';
import { formatLabels } from '../printers/table-printer.ts';
import { goSprintf } from '../printers/go-printf.ts';
import { readCertificateRequest } from './certificate-request.ts';
import { type DescribeText, longTime } from './describe-text.ts';
import type { Describer } from './describer.ts';
import { describeEvents } from './events.ts';

/** A signing request, with what its certificate would say. */
export const describeCertificateSigningRequest: Describer = async (object, text, context) => {
  const { metadata, spec, status } = object as unknown as CertificateSigningRequest;
  const { subject, names } = readCertificateRequest(Buffer.from(spec.request, 'base64'));
  text.line(0, `Name:\t${metadata?.name ?? ''}`);
  text.line(0, `Labels:\t${formatLabels(metadata?.labels)}`);
  text.line(0, `Annotations:\t${formatLabels(metadata?.annotations)}`);
  text.line(0, `CreationTimestamp:\t${longTime(metadata?.creationTimestamp)}`);
  text.line(0, `Requesting User:\t${spec.username ?? ''}`);
  if (spec.signerName !== '') text.line(0, `Signer:\t${spec.signerName}`);
  if (spec.expirationSeconds !== undefined) {
    text.line(0, `Requested Duration:\t${humanDuration(spec.expirationSeconds * 1000)}`);
  }
  text.line(0, `Status:\t${statusText(status)}`);
  text.line(0, 'Subject:');
  text.line(0, `\tCommon Name:\t${subject.commonName}`);
  text.line(0, `\tSerial Number:\t${subject.serialNumber}`);
  describeList('Organization', subject.organization, text);
  describeList('Organizational Unit', subject.organizationalUnit, text);
  describeList('Country', subject.country, text);
  describeList('Locality', subject.locality, text);
  describeList('Province', subject.province, text);
  describeList('StreetAddress', subject.streetAddress, text);
  describeList('PostalCode', subject.postalCode, text);
  const { dns, email, uris, ips } = names;
  if (dns.length + email.length + uris.length + ips.length > 0) text.line(0, 'Subject Alternative Names:');
  describeList('DNS Names', dns, text);
  describeList('Email Addresses', email, text);
  describeList('URIs', uris, text);
  describeList('IP Addresses', ips, text);
  await describeEvents(object, text, context);
};

function describeList(title: string, values: readonly string[], text: DescribeText): void {
  if (values.length === 0) return;
  // The real program takes the values for a format, so that percent signs come out as Go complains of them.
  for (const line of `\t${title}:\t${goSprintf(values.join('\n\t\t'), [])}`.split('\n')) text.line(0, line);
}

function statusText(status: CertificateSigningRequest['status']): string {
  const types = new Set<string>((status?.conditions ?? []).map(({ type }) => type));
  const decision = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  const isIssued = (status?.certificate ?? '') !== '';
  return `${decision}${types.has('Failed') ? ',Failed' : ''}${isIssued ? ',Issued' : ''}`;
}
