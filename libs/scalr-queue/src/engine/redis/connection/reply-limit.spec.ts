import type { Redis } from 'ioredis';
import { limitReplies } from './reply-limit.js';

/** A connection on which nothing is answered, unless the test does. */
function start() {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const sent: string[] = [];
  const client = {
    sendCommand: (command: Sent, stream?: string) => {
      sent.push(stream === undefined ? command.name : `${command.name} on ${stream}`);
      return command.promise;
    },
  };
  limitReplies(client as unknown as Redis, 1_000);
  const send = (command: Sent, stream?: string) => void client.sendCommand(command, stream);
  return { send, sent, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

class Sent {
  static looks = 0;
  error?: Error;
  private settled = false;
  readonly promise = Promise.resolve();

  constructor(readonly name: string) {}

  get isSettled(): boolean {
    Sent.looks++;
    return this.settled;
  }

  /** It was answered. */
  settle(): void {
    this.settled = true;
  }

  reject(error: Error): void {
    this.settled = true;
    this.error = error;
  }
}

describe('the limit of a reply', () => {
  it('rejects each command in its own time, and no other', async () => {
    const { send, sent, pass } = start();
    const [first, answered, last] = [new Sent('get'), new Sent('set'), new Sent('del')];
    send(first);
    send(answered, 'stream');
    await pass(400);
    send(last);
    answered.settle();
    await pass(599);
    expect(first.error).toBeUndefined();
    await pass(1);
    expect(first.error).toMatchObject({ message: 'Command timed out' });
    expect(last.error).toBeUndefined();
    await pass(399);
    expect(last.error).toBeUndefined();
    await pass(1);
    expect(last.error).toMatchObject({ message: 'Command timed out' });
    expect(answered.error).toBeUndefined();
    expect(sent).toEqual(['get', 'set on stream', 'del']);
  });

  it('is that of the first time, for a command that is sent again', async () => {
    const { send, sent, pass } = start();
    const moved = new Sent('get');
    send(moved);
    await pass(900);
    send(moved);
    await pass(100);
    expect(moved.error).toMatchObject({ message: 'Command timed out' });
    expect(sent).toEqual(['get', 'get']);
  });

  it('begins anew after a calm time, with one timer for all', async () => {
    const { send, pass } = start();
    for (let n = 0; n < 100; n++) {
      const command = new Sent('get');
      send(command);
      command.settle();
    }
    expect(vi.getTimerCount()).toBe(1);
    await pass(5_000);
    expect(vi.getTimerCount()).toBe(0);
    const late = new Sent('get');
    send(late);
    await pass(999);
    expect(late.error).toBeUndefined();
    await pass(1);
    expect(late.error).toBeDefined();
  });

  it('costs the same however many were answered before', () => {
    const { send } = start();
    Sent.looks = 0;
    for (let n = 0; n < 1_000; n++) {
      const command = new Sent('get');
      send(command);
      command.settle();
    }
    expect(Sent.looks).toBeLessThanOrEqual(2_000);
  });

  it('is no longer for one that waits behind others which were answered', async () => {
    const { send, pass } = start();
    const [first, second] = [new Sent('get'), new Sent('get')];
    send(first);
    await pass(500);
    first.settle();
    send(second);
    await pass(1_000);
    expect(second.error).toBeDefined();
  });
});
