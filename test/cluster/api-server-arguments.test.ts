import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveFlags, flagsWithoutEffect, parseApiServerArguments } from '../../src/cluster/api-server-arguments.ts';
import { apiServerHelp } from '../../src/cluster/api-server-help.ts';
import { ComponentArgumentError } from '../../src/cluster/component-arguments.ts';

test('flags are read as kube-apiserver reads them', () => {
  const flags = parseApiServerArguments([
    '--anonymous-auth',
    'v=3',
    'event-ttl=5m',
    'event-ttl=90m',
    'enable-admission-plugins=A,B',
    'enable-admission-plugins=C',
    'service-account-issuer=https://a',
    'service-account-issuer=https://b',
    'etcd-prefix=/x',
    'allow-privileged=true',
  ]);
  assert.equal(flags.get('enable-admission-plugins'), 'A,B,C');
  assert.equal(flags.get('service-account-issuer'), 'https://a\nhttps://b');
  assert.deepEqual(flagsWithoutEffect(flags), [
    '--v has no effect here: there is one level of logging',
    '--etcd-prefix has no effect here: objects are not kept in etcd',
  ]);
  const shown = effectiveFlags(flags);
  assert.equal(shown.get('event-ttl'), '1h30m0s');
  assert.equal(shown.get('service-account-issuer'), '[https://a,https://b]');
  assert.equal(shown.get('max-requests-inflight'), '400');
  assert.equal(
    shown.get('kubelet-preferred-address-types'),
    '[Hostname,InternalDNS,InternalIP,ExternalDNS,ExternalIP]',
  );
  assert.equal(shown.get('etcd-servers'), undefined);
  assert.ok(shown.size > 170, String(shown.size));
});

/** Whatever is behind `err=` or `Error:` of kube-apiserver 1.36.2, but for what this server cannot do. */
const refusals: readonly (readonly [pair: string, message: string])[] = [
  ['foo=1', 'unknown flag: --foo; --apiserver-arg help lists those of kube-apiserver'],
  ['max-requests-inflight', 'flag needs an argument: --max-requests-inflight'],
  [
    'max-requests-inflight=x',
    'invalid argument "x" for "--max-requests-inflight" flag: strconv.ParseInt: parsing "x": invalid syntax',
  ],
  ['max-requests-inflight=-1', '--max-requests-inflight can not be negative value'],
  ['min-request-timeout=-1', '--min-request-timeout can not be negative value'],
  ['livez-grace-period=-1s', '--livez-grace-period can not be a negative value'],
  ['shutdown-delay-duration=-1s', '--shutdown-delay-duration can not be negative value'],
  ['event-ttl=x', 'invalid argument "x" for "--event-ttl" flag: time: invalid duration "x"'],
  ['profiling=', 'invalid argument "" for "--profiling" flag: strconv.ParseBool: parsing "": invalid syntax'],
  [
    'goaway-chance=x',
    'invalid argument "x" for "--goaway-chance" flag: strconv.ParseFloat: parsing "x": invalid syntax',
  ],
  ['advertise-address=zork', 'invalid argument "zork" for "--advertise-address" flag: failed to parse IP: "zork"'],
  ['v=x', 'invalid argument "x" for "-v, --v" flag: strconv.ParseUint: parsing "x": invalid syntax'],
  [
    'v=99999999999',
    'invalid argument "99999999999" for "-v, --v" flag: strconv.ParseUint: parsing "99999999999": value out of range',
  ],
  ['vmodule=zork', 'invalid argument "zork" for "--vmodule" flag: "zork" does not have the pattern=N format'],
  [
    'allow-metric-labels=zork',
    'invalid argument "zork" for "--allow-metric-labels" flag: zork must be formatted as key=value',
  ],
  [
    'service-node-port-range=1-0',
    'invalid argument "1-0" for "--service-node-port-range" flag: end port cannot be less than start port: 1-0',
  ],
  [
    'service-node-port-range=30000-99999',
    'invalid argument "30000-99999" for "--service-node-port-range" flag: the port range cannot be greater than 65535: 30000-99999',
  ],
  [
    'service-node-port-range=zork',
    'invalid argument "zork" for "--service-node-port-range" flag: strconv.Atoi: parsing "zork": invalid syntax',
  ],
  [
    'log-json-info-buffer-size=zork',
    'invalid argument "zork" for "--log-json-info-buffer-size" flag: quantities must match the regular expression \'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$\'',
  ],
  ['watch-cache-sizes=foo', 'invalid value of watch cache size: foo'],
  ['watch-cache-sizes=pods#x', 'invalid size of watch cache size: pods#x'],
  [
    'storage-backend=x',
    "--storage-backend invalid, allowed values: etcd3. If not specified, it will default to 'etcd3'",
  ],
  ['logging-format=x', 'format: Invalid value: "x": Unsupported log format'],
  [
    'service-account-max-token-expiration=1m',
    'the service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
  ],
  ['secure-port=6443', '--secure-port: `cluster start --port` says on which port this server listens'],
  [
    'etcd-servers=http://127.0.0.1:2379',
    '--etcd-servers: this server keeps its objects itself; `cluster start --storage` says how',
  ],
  ['emulated-version=1.35', '--emulated-version=1.35 is not possible here: no other version is emulated'],
  ['allow-privileged=false', '--allow-privileged=false is not possible here: privileged containers are always allowed'],
];

test('what only says what is may be said', () => {
  for (const pair of ['emulated-version=1.36', 'emulated-version=kube=1.36', 'min-compatibility-version=kube=1.35']) {
    assert.doesNotThrow(() => parseApiServerArguments([pair]), pair);
  }
});

test('what cannot be is refused', () => {
  for (const [pair, message] of refusals) {
    assert.throws(() => parseApiServerArguments([pair]), new ComponentArgumentError(message), pair);
  }
});

test('the help says what each flag is', () => {
  const help = apiServerHelp();
  assert.match(help, /\n {2}--event-ttl duration \(default 1h0m0s\)\n/);
  assert.match(
    help,
    /\n {2}--etcd-prefix string \(default \/registry\); no effect here: objects are not kept in etcd\n/,
  );
});
