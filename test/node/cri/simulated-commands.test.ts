import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerConfig, type ProcessStreams } from '../../../src/node/cri/runtime.ts';
import { ContainerProcess } from '../../../src/node/cri/simulation/container-process.ts';
import { MemoryFiles } from '../../../src/node/cri/simulation/memory-files.ts';
import { PortServer } from '../../../src/node/cri/simulation/port-server.ts';
import { FakeClock, settle } from '../../../src/system/fake-clock.ts';
import { containerConfig } from '../../support/container-config.ts';

const config = containerConfig({ image: 'busybox', envs: [{ key: 'COLOUR', value: 'blue' }] });

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function makeContainer(special: Partial<ContainerConfig> = {}): {
  readonly clock: FakeClock;
  readonly process: ContainerProcess;
  readonly run: (command: readonly string[], input?: string, tty?: boolean) => Promise<Outcome>;
} {
  const clock = new FakeClock();
  const process = new ContainerProcess(
    { ...config, ...special },
    {
      clock,
      hostname: 'web',
      dnsConfig: { servers: ['10.96.0.10'], searches: ['ns.svc.cluster.local', 'cluster.local'], options: ['ndots:5'] },
      sysctls: { 'kernel.shm_rmid_forced': '1', 'net.ipv4.ip_local_port_range': '1024 65535' },
      podIp: '10.0.0.1',
      random: () => 0.5,
      nodeFiles: new MemoryFiles(() => clock.now()),
      ports: new PortServer('default/web', []),
      dial: () => Promise.reject(new Error('connection refused')),
      sendDatagram: () => Promise.resolve(undefined),
    },
  );
  return {
    clock,
    process,
    async run(command, input, tty = false) {
      let [out, err] = ['', ''];
      const streams: ProcessStreams = {
        ...(input === undefined ? {} : { stdin: chunksOf(input) }),
        stdout: { write: (chunk) => Promise.resolve(void (out += Buffer.from(chunk).toString())) },
        ...(tty ? {} : { stderr: { write: (chunk) => Promise.resolve(void (err += Buffer.from(chunk).toString())) } }),
      };
      const code = await process.exec(command, tty, streams, new AbortController().signal);
      return { code, out, err };
    },
  };
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

void test('a script that writes what it calls is run', async () => {
  const { process } = makeContainer({ command: ['sh', '-c', "echo 'echo in' > /s.sh; chmod +x /s.sh; /s.sh"] });
  const code = await new Promise<number>((resolve) => assert.equal(process.start(resolve), true));
  assert.equal(code, 0);
  assert.deepEqual(
    process.log.read(0).map(({ content }) => Buffer.from(content).toString()),
    ['in\n'],
  );
  const other = makeContainer({ command: ['sh', '-c', "echo 'echo in' > /s.sh; /t.sh"] });
  assert.equal(
    other.process.start(() => undefined),
    false,
  );
});

void test('built-in commands and the shell', async () => {
  const { run } = makeContainer();
  const cases: readonly (readonly [script: string, out: string, code?: number, err?: string])[] = [
    ['echo hello   world', 'hello world\n'],
    ['echo -n "a  b"', 'a  b'],
    ['hostname; pwd; whoami', 'web\n/\nroot\n'],
    ['echo $COLOUR ${COLOUR}ish "$NOTHING" \'$COLOUR\'', 'blue blueish  $COLOUR\n'],
    ['A=1 B="2 3"; echo $A-$B', '1-2 3\n'],
    ['X=y printenv X', 'y\n'],
    ['export Q=z; printenv Q', 'z\n'],
    ['printenv NONE', '', 1],
    ['false && echo no || echo yes', 'yes\n'],
    ['true && echo yes; false; echo $?', 'yes\n1\n'],
    ['exit 7; echo no', '', 7],
    ['echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f; cat < /tmp/f | cat', 'one\ntwo\none\ntwo\n'],
    ['echo oops >&2', '', 0, 'oops\n'],
    ['cat /none 2>/dev/null || echo gone', 'gone\n'],
    ['cat /none', '', 1, 'cat: /none: No such file or directory\n'],
    ['mkdir -p /a/b; touch /a/b/c /a/d; ls /a; ls /a/b', 'b\nd\nc\n'],
    ['touch /var/tmp/ready; [[ "$( cat /var/tmp/ready )" == "" ]]; echo $?', '0\n'],
    ['ls /none', '', 1, 'ls: /none: No such file or directory\n'],
    ['cd /tmp && pwd; cd /none', '/tmp\n', 2, "sh: cd: can't cd to /none: No such file or directory\n"],
    ['[ -d /tmp ] && test -f /etc/hostname && [ a = a ] && echo all', 'all\n'],
    ['rm /none', '', 1, "rm: can't remove '/none': No such file or directory\n"],
    ['nonsense', '', 127, 'sh: nonsense: not found\n'],
    ['echo a # comment\necho b', 'a\nb\n'],
    ['echo "unfinished', '', 2, 'sh: syntax error: unterminated quoted string\n'],
    ['if [ -f /none ]; then echo a; elif true; then echo b; else echo c; fi', 'b\n'],
    ['i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo -n $i; done; echo', '123\n'],
    ['until false; do break; done; for x in a "b c" $COLOUR; do echo "<$x>"; done', '<a>\n<b c>\n<blue>\n'],
    ['for i in 1 2 3; do if [ $i = 2 ]; then continue; fi; echo $i; done', '1\n3\n'],
    ['case $COLOUR in red|bl*) echo yes;; *) echo no;; esac', 'yes\n'],
    ['f() { local a=$1; echo "$a $# $@"; return 4; }; f x "y z"; echo $?', 'x 2 x y z\n4\n'],
    ['(exit 3); echo $?; { echo in; } > /tmp/g; cat /tmp/g', '3\nin\n'],
    ['echo "$(echo a; echo b)" `echo c`', 'a\nb c\n'],
    [
      'echo $((2 + 3 * 4)) $(( (1 + 2) * -3 )) $((7 / 2 % 2)) $((NONE == 0 ? 1 : 2)) $((RANDOM))',
      '14 -9 1 1 16384\n',
      0,
    ],
    ['echo ${NONE:-x} ${COLOUR:+y} ${#COLOUR} ${COLOUR#b} ${COLOUR%u*} ${NEW:=z}$NEW', 'x y 4 lue bl zz\n'],
    ['echo ${NONE:?must be set}; echo no', '', 2, 'sh: NONE: must be set\n'],
    ['[[ "a b" == "a b" && -d /tmp ]] && echo same', 'same\n'],
    ['set -e; false || true; if false; then :; fi; echo on; false; echo no', 'on\n', 1],
    ['echo a | { read x; echo "<$x>"; } | cat', '<a>\n'],
    ['while true; do echo y; done | head -n 2', 'y\ny\n'],
    ['touch /tmp/p1 /tmp/p2; echo /tmp/p* "/tmp/p*" /tmp/q*', '/tmp/p1 /tmp/p2 /tmp/p* /tmp/q*\n'],
    ['cat <<END\nx $COLOUR\nEND\necho after', 'x blue\nafter\n'],
    ["cat <<'END' | cat\n$COLOUR\nEND", '$COLOUR\n'],
    ["trap 'echo bye' EXIT; echo hi", 'hi\nbye\n'],
    ['echo x & wait; echo y', 'x\ny\n'],
    ['! true; echo $?; [ 1 -eq 1 -a ! -e /none ]; echo $?', '1\n0\n'],
    ['X=1; (X=2; echo $X); echo $X; unset X; echo "<$X>"', '2\n1\n<>\n'],
    ['if true; then echo a', '', 2, 'sh: syntax error: unexpected end of file (expecting "fi")\n'],
    ['exec echo replaced; echo no', 'replaced\n'],
    ['echo x > /none/f', '', 1, "sh: can't create /none/f: nonexistent directory\n"],
    ['printf "%s-%d\\n" a 7 b 8; seq 2 4 | tail -n 1; basename /a/b.c .c; dirname /a/b', 'a-7\nb-8\n4\nb\n/a\n'],
    ['printf "one\\ntwo\\nthree\\n" | grep -v two | wc -l; echo b-a | grep -q a && echo has', '2\nhas\n'],
    ["echo \"a b\" > /tmp/w; wc -l /tmp/w | awk {'print $1'}; awk '{print $2, $1}' /tmp/w", '1\nb a\n'],
    ["echo 'echo in $1' > /tmp/s.sh; sync; /tmp/s.sh", '', 126, 'sh: /tmp/s.sh: Permission denied\n'],
    ['chmod u+x /tmp/s.sh; /tmp/s.sh a; /tmp/none.sh', 'in a\n', 127, 'sh: /tmp/none.sh: not found\n'],
    [
      'mkdir /o; chmod 2770 /o; chown 0:1234 /o; ls -ld /o | cut -c 1-24; test -g /o; echo $?',
      'drwxrws--- 1 root 1234  \n0\n',
    ],
    [
      'touch /o/t; chmod 1644 /o/t; ls -l /o | cut -c 1-10; test -b /o; echo $?; [ -S /o/t ] || echo no',
      '-rw-r--r-T\n1\nno\n',
    ],
    ["echo x > /tmp/g; stat -c='%g' /tmp/g; stat -c%u /tmp/g; stat -c %s /tmp/g", '=0\n0\n2\n'],
    ['i=3; let i+=2 j=i*2; echo $i $j $?; let 0; echo $?; let', '5 10 0\n1\n', 2, 'sh: let: expression expected\n'],
    [
      'printf abc > /tmp/f; sha256sum /tmp/f; md5sum < /tmp/f; sha1sum /tmp/f > /tmp/s; sha1sum -c /tmp/s; printf x > /tmp/f; sha1sum -c /tmp/s',
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  /tmp/f\n900150983cd24fb0d6963f7d28e17f72  -\n/tmp/f: OK\n/tmp/f: FAILED\n',
      1,
      'sha1sum: WARNING: 1 of 1 computed checksums did NOT match\n',
    ],
    ['sha512sum /none', '', 1, "sha512sum: can't open '/none': No such file or directory\n"],
    ['expr 7 % 2; expr 1 + 1 > /dev/null; id -u; chmod 600 /tmp/f; stat -c %a /tmp/f', '1\n0\n600\n'],
  ];
  for (const [script, out, code = 0, err = ''] of cases) {
    assert.deepEqual(await run(['sh', '-c', script]), { code, out, err }, script);
  }
  assert.equal((await run(['sh'], 'echo one\nexit 4\necho two\n')).code, 4);
  assert.equal((await run(['cat'], 'fed')).out, 'fed');
  assert.match((await run(['env'])).out, /^PATH=.*\nHOSTNAME=web\nHOME=\/root\nCOLOUR=blue\n$/);
});

void test('commands that are not there end as runc ends them', async () => {
  const { run } = makeContainer();
  const prefix = 'OCI runtime exec failed: exec failed: unable to start container process: exec:';
  assert.deepEqual(await run(['foo']), {
    code: 127,
    out: '',
    err: `${prefix} "foo": executable file not found in $PATH: unknown\n`,
  });
  assert.deepEqual(await run(['/opt/foo']), {
    code: 127,
    out: '',
    err: `${prefix} "/opt/foo": stat /opt/foo: no such file or directory: unknown\n`,
  });
});

void test('tar packs and unpacks, long names and links too', async () => {
  const { run, process } = makeContainer();
  const long = 'n'.repeat(120);
  await run(['sh', '-c', `mkdir -p /src/${long}; echo deep > /src/${long}/f; echo x > /src/x`]);
  let archive = Buffer.alloc(0);
  const stdout = { write: async (chunk: Uint8Array) => void (archive = Buffer.concat([archive, chunk])) };
  const { signal } = new AbortController();
  assert.equal(await process.exec(['tar', 'cf', '-', '-C', '/src', '.'], false, { stdout }, signal), 0);
  await run(['mkdir', '/dst']);
  const stdin = (async function* () {
    for (let at = 0; at < archive.length; at += 700) yield archive.subarray(at, at + 700);
  })();
  assert.equal(await process.exec(['tar', '-xmf', '-', '-C', '/dst'], false, { stdin }, signal), 0);
  assert.equal((await run(['cat', `/dst/${long}/f`, '/dst/x'])).out, 'deep\nx\n');
  assert.deepEqual(await run(['tar', 'cf', '-', '/none']).then(({ code, err }) => [code, err]), [
    2,
    'tar: /none: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n',
  ]);
});

void test('a terminal shows what is typed, takes back, interrupts and ends', async () => {
  const { process } = makeContainer();
  async function* keys(): AsyncGenerator<Uint8Array> {
    for (const key of [
      'ecx',
      '\x7f',
      'ho hi\r',
      'sleep 9\r',
      '\x03',
      'echo $?\r',
      'cat\r',
      'x\r',
      '\x03',
      'echo y\r',
      '\x04',
    ]) {
      yield Buffer.from(key);
      await settle();
    }
  }
  let out = '';
  const stdout = { write: async (chunk: Uint8Array) => void (out += Buffer.from(chunk).toString()) };
  const code = await process.exec(['sh'], true, { stdin: keys(), stdout }, new AbortController().signal);
  assert.equal(
    out,
    '/ # ecx\b \bho hi\r\nhi\r\n/ # sleep 9\r\n^C\r\n/ # echo $?\r\n130\r\n/ # cat\r\nx\r\nx\r\n^C\r\n/ # echo y\r\ny\r\n/ # ',
  );
  assert.equal(code, 0);
});

void test('a container whose command is built in does what it says, others say what they would do', async () => {
  const { process, clock } = makeContainer({ command: ['sh', '-c', 'echo begun; sleep 5; exit 3'] });
  const codes: number[] = [];
  assert.equal(
    process.start((code) => codes.push(code)),
    true,
  );
  await settle();
  assert.equal(process.log.read(0)[0]?.content.toString(), 'begun\n');
  await clock.advance(5000);
  assert.deepEqual(codes, [3]);
  const other = makeContainer({ command: ['nginx', '-g'] }).process;
  assert.equal(
    other.start(() => assert.fail('it does not end')),
    false,
  );
  assert.match(other.log.read(0)[0]?.content.toString() ?? '', /nothing runs, a real node would run nginx -g\n$/);
});

void test('whoever attaches feeds the command and sees what it writes', async () => {
  const { process } = makeContainer({ command: ['cat'], stdin: true, stdinOnce: true });
  const ended = new Promise<number>((resolve) => process.start(resolve));
  let out = '';
  const attached = process.attach(
    { stdin: chunksOf('hello\n'), stdout: { write: async (chunk) => void (out += Buffer.from(chunk).toString()) } },
    new AbortController().signal,
  );
  assert.equal(await ended, 0);
  process.end();
  await attached;
  assert.equal(out, 'hello\n');
  assert.equal(process.log.read(0)[0]?.content.toString(), 'hello\n');
});

const kernelParameters: readonly (readonly [command: string, out: string, err?: string])[] = [
  ['sysctl kernel.shm_rmid_forced', 'kernel.shm_rmid_forced = 1\n'],
  ['sysctl -n net.ipv4.ip_local_port_range', '1024\t65535\n'],
  ['sysctl net/ipv4/tcp_syncookies', 'net.ipv4.tcp_syncookies = 1\n'],
  ['cat /proc/sys/net/ipv4/tcp_fin_timeout', '60\n'],
  ['sysctl kernel.nothing', '', "sysctl: error: 'kernel.nothing' is an unknown key\n"],
  ['sysctl -e kernel.nothing', ''],
  [
    'sysctl -w kernel.shm_rmid_forced=0',
    '',
    "sysctl: error setting key 'kernel.shm_rmid_forced': Read-only file system\n",
  ],
  ['sysctl -a | head -n 2', 'kernel.shm_rmid_forced = 1\nnet.ipv4.ip_local_port_range = 1024\t65535\n'],
];

for (const [command, out, err = ''] of kernelParameters) {
  void test(`kernel parameters: ${command}`, async () => {
    const { run } = makeContainer();
    assert.deepEqual(await run(['sh', '-c', command]), { code: err === '' ? 0 : 1, out, err });
  });
}

const copies: readonly (readonly [command: string, out: string, err?: string])[] = [
  ['dd if=/dev/zero of=f bs=1K count=3; wc -c f', '3072 f\n', '3+0 records in\n3+0 records out\n'],
  ['dd if=/dev/zero of=f bs=1 count=1 conv=fsync; wc -c f', '1 f\n', '1+0 records in\n1+0 records out\n'],
  ['echo abcdef > f; dd if=f bs=4 count=1', 'abcd', '1+0 records in\n1+0 records out\n'],
  ['echo abc | dd of=f bs=3; cat f', 'abc\n', '1+1 records in\n1+1 records out\n'],
  ['dd if=/none; echo $?', '1\n', 'dd: failed to open /none: No such file or directory\n'],
  ['dd if=/dev/zero of=f bs=1G count=9; echo $?', '1\n', "dd: error writing 'f': No space left on device\n"],
  ['dd bs=x; echo $?', '1\n', "dd: invalid number: 'x'\n"],
];

for (const [command, out, err = ''] of copies) {
  void test(`blocks are copied: ${command}`, async () => {
    const { run } = makeContainer();
    assert.deepEqual(await run(['sh', '-c', command]), { code: 0, out, err });
  });
}

void test('what a container has on the disk is what it wrote outside of volumes, and its log', async () => {
  const { process, run } = makeContainer();
  const before = process.stats();
  await run(['sh', '-c', 'dd if=/dev/zero of=/tmp/f bs=1K count=3 2>/dev/null; echo 12345 > /proc/1/fd/1']);
  const { writableLayerBytes, logBytes } = process.stats();
  assert.deepEqual([writableLayerBytes - before.writableLayerBytes, logBytes - before.logBytes], [3072, 6]);
});

void test('files are found by one name or another', async () => {
  const { run } = makeContainer();
  const script = "mkdir -p /d/a_1/x /d/a-1 /d/b; find /d -name '*a_1*' -o -name '*a-1*'; find /d -type d -name x";
  assert.deepEqual(await run(['sh', '-c', script]), { code: 0, out: '/d/a_1\n/d/a-1\n/d/a_1/x\n', err: '' });
});
