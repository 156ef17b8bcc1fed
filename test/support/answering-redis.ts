import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { commandAt, endOfReply } from './resp.js';

/**
 * What becomes of a command: an error, a text or nothing that Redis could reply with, in its place; `hold` for a reply that comes when the test lets it;
 * a connection that is reset before Redis hears of the command, or after, instead of the reply.
 */
export type Answer =
  { readonly error: string } | { readonly reply: string | null } | 'hold' | 'reset unheard' | 'reset heard';

/** @param args the command and its arguments, as they were sent */
export type Rule = (args: readonly string[]) => Answer | undefined;

/** A reply that is due, in the order of the commands. */
interface Due {
  text?: Buffer;
  held?: boolean;
  reset?: boolean;
}

/** A way to a real Redis on which some commands get another answer. */
export class AnsweringRedis implements AsyncDisposable {
  /** Every command that came, whatever became of it. */
  readonly commands: (readonly string[])[] = [];
  /** Connections that were made so far. */
  connections = 0;
  private rule: Rule = () => undefined;
  private readonly lines = new Set<Line>();
  private refusing = false;

  /** @param target where new connections lead to */
  private constructor(
    private readonly server: Server,
    public target: string,
  ) {
    server.on('connection', (client) => {
      this.connections++;
      if (this.refusing) {
        client.on('error', () => undefined).resetAndDestroy();
        return;
      }
      const { port, hostname } = new URL(this.target);
      const redis = connect(Number(port || 6379), hostname);
      const line = new Line(client, redis, (args) => {
        this.commands.push(args);
        return this.rule(args);
      });
      this.lines.add(line);
      client.on('close', () => this.lines.delete(line));
    });
  }

  static async before(url: string): Promise<AnsweringRedis> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AnsweringRedis(server, url);
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}${new URL(this.target).pathname}`;
  }

  /** How commands are answered from now on; without a rule by Redis itself. */
  answer(rule: Rule = () => undefined): void {
    this.rule = rule;
  }

  /** Sends the replies that were held back. */
  release(): void {
    for (const line of this.lines) line.release();
  }

  /** Connections that there are. */
  get open(): number {
    return this.lines.size;
  }

  /** Resets what is there and whatever comes, until told otherwise. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
    if (refusing) this.cut();
  }

  /** Resets every connection. */
  cut(): void {
    for (const line of this.lines) line.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Whether a command runs a script. */
export const isScript = ([name = '']: readonly string[]): boolean => /^(eval|evalsha)$/i.test(name);

/** One connection. */
class Line {
  private readonly due: Due[] = [];
  private asked = Buffer.alloc(0);
  private replied = Buffer.alloc(0);
  private ended = false;

  constructor(
    private readonly client: Socket,
    private readonly redis: Socket,
    private readonly rule: Rule,
  ) {
    for (const socket of [client, redis]) {
      socket.setNoDelay(true).on('error', () => undefined);
      socket.on('close', () => this.reset());
    }
    client.on('data', (chunk: Buffer) => this.hear(chunk));
    redis.on('data', (chunk: Buffer) => this.collect(chunk));
  }

  release(): void {
    for (const one of this.due) one.held = false;
    this.flush();
  }

  /**
   * What was said before still arrives: whatever the client sends meanwhile is read and dropped, for a socket that is destroyed with
   * something unread resets the connection, and that takes away what is on its way.
   */
  private end(): void {
    this.due.length = 0;
    this.ended = true;
    this.client.end();
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.redis.destroy();
  }

  private hear(chunk: Buffer): void {
    if (this.ended) return;
    this.asked = Buffer.concat([this.asked, chunk]);
    for (;;) {
      const command = commandAt(this.asked);
      if (!command) break;
      const bytes = this.asked.subarray(0, command.end);
      this.asked = this.asked.subarray(command.end);
      const answer = this.rule(command.args);
      if (answer === 'reset unheard') return this.reset();
      const isOurs = typeof answer === 'object';
      this.due.push({
        ...(isOurs ? { text: inProtocol(answer) } : {}),
        held: answer === 'hold',
        reset: answer === 'reset heard',
      });
      if (!isOurs) this.redis.write(bytes);
    }
    this.flush();
  }

  private collect(chunk: Buffer): void {
    this.replied = Buffer.concat([this.replied, chunk]);
    for (;;) {
      const end = endOfReply(this.replied);
      if (end === undefined) break;
      const next = this.due.find(({ text }) => text === undefined);
      if (next) next.text = this.replied.subarray(0, end);
      this.replied = this.replied.subarray(end);
    }
    this.flush();
  }

  /** In the order of the commands: what comes after one that is held waits with it. */
  private flush(): void {
    for (;;) {
      const [next] = this.due;
      if (!next || next.text === undefined || next.held) return;
      this.due.shift();
      if (next.reset) return this.end();
      this.client.write(next.text);
    }
  }
}

function inProtocol(answer: { error: string } | { reply: string | null }): Buffer {
  if ('error' in answer) return Buffer.from(`-${answer.error}\r\n`);
  if (answer.reply === null) return Buffer.from('$-1\r\n');
  return Buffer.from(`$${Buffer.byteLength(answer.reply)}\r\n${answer.reply}\r\n`);
}
