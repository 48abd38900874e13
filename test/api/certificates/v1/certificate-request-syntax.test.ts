import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateRequestProblem } from '../../../../src/api/certificates/v1/certificate-request-syntax.ts';

const pem = (bytes: readonly number[], type = 'CERTIFICATE REQUEST'): string =>
  `-----BEGIN ${type}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${type}-----\n`;
const noPem = 'PEM block type must be CERTIFICATE REQUEST';
const asked =
  '{optional:false explicit:false application:false private:false defaultValue:<nil> tag:<nil> stringType:0 timeType:0 set:false omitEmpty:false}';
const algorithm = [0x30, 0x03, 0x06, 0x01, 0x2a];
const key = [0x30, 0x08, ...algorithm, 0x03, 0x01, 0x00];
const facts = [0x02, 0x01, 0x00, 0x30, 0x00, ...key];
const request = (...end: readonly number[]): number[] => {
  const content = [0x30, facts.length, ...facts, ...algorithm, ...end];
  return [0x30, content.length, ...content];
};

const cases: readonly (readonly [title: string, text: string, problem: string])[] = [
  ['no PEM', 'hello', noPem],
  ['another block', pem(request(0x03, 0x01, 0x00), 'CERTIFICATE'), noPem],
  ['no base64', '-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----\n', noPem],
  ['a request', pem(request(0x03, 0x01, 0x00)), ''],
  ['nothing in it', pem([]), 'asn1: syntax error: sequence truncated'],
  [
    'something else',
    pem([0, 0, 0]),
    `asn1: structure error: tags don't match (16 vs {class:0 tag:0 length:0 isCompound:false}) ${asked} certificateRequest @2`,
  ],
  [
    'a number where the signature belongs',
    pem(request(0x02, 0x01, 0x00)),
    `asn1: structure error: tags don't match (3 vs {class:0 tag:2 length:1 isCompound:false}) ${asked} BitString @${facts.length + algorithm.length + 4}`,
  ],
  ['without a signature', pem(request()), 'asn1: syntax error: sequence truncated'],
  ['cut off', pem([0x30, 0x05, 0x02]), 'asn1: syntax error: data truncated'],
  ['more behind it', pem([...request(0x03, 0x01, 0x00), 0]), 'asn1: syntax error: trailing data'],
  ['a length without end', pem([0x30, 0x80]), 'asn1: syntax error: indefinite length found (not DER)'],
  ['a length that needs less', pem([0x30, 0x81, 0x01, 0]), 'asn1: structure error: non-minimal length'],
  ['a length that is cut off', pem([0x30, 0x82, 0x01]), 'asn1: syntax error: truncated tag or length'],
];

for (const [title, text, problem] of cases) {
  test(`what a request for a certificate must be: ${title}`, () => {
    assert.equal(certificateRequestProblem(text), problem);
  });
}
