import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** As much of a mail server as nodemailer needs; it refuses recipients that begin with `nobody`. */
export async function startSmtpServer() {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    void converse(socket, mails);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { mails, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function converse(socket: Socket, mails: string[]): Promise<void> {
  const say = (line: string) => void socket.write(`${line}\r\n`);
  let mail: string[] | undefined;
  say('220 test');
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    if (mail) {
      if (line !== '.') {
        mail.push(line);
        continue;
      }
      mails.push(mail.join('\n'));
      mail = undefined;
      say('250 taken');
    } else if (/^DATA/i.test(line)) {
      mail = [];
      say('354 go on');
    } else if (/^RCPT TO:<nobody/i.test(line)) {
      say('550 no such mailbox');
    } else {
      say(/^QUIT/i.test(line) ? '221 bye' : '250 ok');
    }
  }
}
