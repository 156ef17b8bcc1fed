import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** One connection through the proxy. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Nothing passes any more, and nobody is told. */
  hole?: boolean;
  /** The next reply is thrown away and the connection reset. */
  dropReply?: boolean;
}

/** A bad network between a process and Redis. */
export class TcpProxy {
  /** Connections that were asked for so far. */
  connections = 0;
  /** Milliseconds that everything takes, each way. */
  delay = 0;
  /** Milliseconds per byte of a reply. */
  trickle = 0;
  private readonly pairs = new Set<Pair>();
  private marker?: string;
  private bytesLeft = Infinity;
  private refusing = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  /** @param address where it listens, which other networks may reach */
  static async start(target: number, address = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, target);
    server.listen(0, address);
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Resets every connection. */
  cut(): void {
    for (const pair of this.pairs) reset(pair);
  }

  /** Resets what is there and whatever comes, until told otherwise. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
    if (refusing) this.cut();
  }

  /** Whoever is connected now is heard no more, without a word; whoever connects anew is. */
  blackHole(): void {
    for (const pair of this.pairs) pair.hole = true;
  }

  /** Passes the next request that contains the text on, but throws its reply away and resets the connection. */
  dropReplyTo(marker: string): void {
    this.marker = marker;
  }

  /** Resets a connection in the middle of a request, after so many bytes from here on. */
  cutAfter(bytes: number): void {
    this.bytesLeft = bytes;
  }

  private accept(client: Socket): void {
    this.connections++;
    if (this.refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.target, '127.0.0.1');
    const pair: Pair = { client, server };
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      // What was said before the end still arrives.
      if (!pair.hole) for (const socket of [client, server]) socket.destroySoon();
    };
    for (const socket of [client, server])
      socket
        .setNoDelay(true)
        .on('error', () => undefined)
        .on('close', end);
    void this.pump(client, (chunk) => this.toServer(pair, chunk));
    void this.pump(server, (chunk) => this.toClient(pair, chunk));
  }

  /** In order, one piece after the other; delayed ones overlap. */
  private async pump(from: Socket, pass: (chunk: Buffer) => Promise<void> | void): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (this.delay > 0) setTimeout(() => void pass(chunk), this.delay);
        else await pass(chunk);
      }
    } catch {
      // It was reset.
    }
  }

  private toServer(pair: Pair, chunk: Buffer): void {
    if (pair.hole) return;
    if (this.marker !== undefined && chunk.includes(this.marker)) {
      this.marker = undefined;
      pair.dropReply = true;
    }
    if (chunk.length > this.bytesLeft) {
      pair.server.write(chunk.subarray(0, this.bytesLeft), () => reset(pair));
      this.bytesLeft = Infinity;
      return;
    }
    this.bytesLeft -= chunk.length;
    pair.server.write(chunk);
  }

  private async toClient(pair: Pair, chunk: Buffer): Promise<void> {
    if (pair.hole) return;
    if (pair.dropReply) return reset(pair);
    if (this.trickle === 0) return void pair.client.write(chunk);
    for (const byte of chunk) {
      if (pair.client.destroyed) return;
      pair.client.write(Buffer.of(byte));
      await pause(this.trickle);
    }
  }
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.resetAndDestroy();
}
