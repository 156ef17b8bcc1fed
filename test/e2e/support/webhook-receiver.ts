import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
}

/** What arrived, and when. */
export interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

/** A server that answers with one reply after the other and stays at the last; without any it never answers. */
export async function startReceiver(...replies: Reply[]) {
  const deliveries: Delivery[] = [];
  const server = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      deliveries.push({ headers: incoming.headers, body, at: Date.now() });
      const reply = replies[Math.min(deliveries.length, replies.length) - 1];
      if (reply) response.writeHead(reply.status, reply.headers).end('thanks');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { deliveries, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=hidden` };
}
