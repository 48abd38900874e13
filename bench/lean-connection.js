import { once } from 'node:events';
import { connect } from 'node:tls';

/**
 * A connection that asks one thing at a time and looks at no more of an answer than where it ends: what asks shares two
 * cores with what is measured, and undici takes as much of them for a small object as a server does.
 * @param url of the server, whose certificate is not checked
 * @param headers sent with every request
 */
export async function openLeanConnection(url, headers) {
  const { hostname, port, host } = new URL(url);
  const socket = connect({
    host: hostname,
    port: Number(port),
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  await once(socket, 'secureConnect');
  const head = [`host: ${host}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  let waiting;
  let answer = '';
  socket.on('data', (piece) => {
    answer += piece.toString('latin1');
    if (!isWhole(answer)) return;
    const text = answer;
    answer = '';
    waiting?.resolve(text);
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error(`${url} closed the connection`)));
  return {
    /** @throws Error when the answer is no success */
    async ask(method, path, body = '') {
      const answered = new Promise((resolve, reject) => (waiting = { resolve, reject }));
      const length = Buffer.byteLength(body);
      socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\ncontent-length: ${length}\r\n\r\n${body}`);
      const text = await answered;
      if (!text.startsWith('HTTP/1.1 2')) throw new Error(`${method} ${path}: ${text}`);
    },
    close: () => socket.destroy(),
  };
}

/** Whether nothing of an answer is missing: as many bytes came as it has, or the last of its chunks. */
function isWhole(answer) {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const [, length] = /^content-length: (\d+)/im.exec(answer.slice(0, end)) ?? [];
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length);
}
