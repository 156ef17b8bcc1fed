import { holdCommands } from './held-commands.js';
import { Reach } from './reach.js';
import type { RedisClient } from './redis.client.js';

/** A connection whose attempts to connect end when the test says so. */
class Attempts extends Reach {
  open = false;

  connect(): void {
    this.begin();
  }

  end(reason?: Error): void {
    this.open = reason === undefined;
    if (reason) this.fail(reason);
    else this.succeed();
  }
}

function start() {
  const sent: string[] = [];
  const client = {
    sendCommand: ({ name }: { name: string }, ...rest: unknown[]) => {
      sent.push([name, ...rest].join(' '));
      return Promise.resolve('OK');
    },
  };
  const reach = new Attempts();
  holdCommands(client as unknown as RedisClient, reach);
  const command = (name: string, isSettled = false) => ({
    name,
    isSettled,
    promise: Promise.resolve('held'),
  });
  const send = (name: string, ...rest: unknown[]) => client.sendCommand(command(name), ...rest);
  return { client, reach, sent, command, send };
}

const turn = () => new Promise(setImmediate);

describe('commands of a connection', () => {
  it('go out at once while it is open, and where no attempt is under way', async () => {
    const { reach, sent, send } = start();
    await send('get');
    expect(sent).toEqual(['get']);
    reach.open = true;
    await send('set');
    reach.connect();
    await send('del', 'stream');
    expect(sent).toEqual(['get', 'set', 'del stream']);
  });

  it('wait for the attempt to connect that is under way, and go out in their order', async () => {
    const { reach, sent, send } = start();
    reach.connect();
    expect(await send('get', 'stream', 'node')).toBe('held');
    for (const name of ['set', 'del']) void send(name);
    await turn();
    expect(sent).toEqual([]);
    reach.end();
    await turn();
    expect(sent).toEqual(['get stream node', 'set', 'del']);
    await send('ping');
    reach.connect();
    await turn();
    expect(sent).toHaveLength(4);
  });

  it('go out also where the attempt failed, to be refused, and wait for the next attempt anew', async () => {
    const { reach, sent, send } = start();
    reach.connect();
    void send('get');
    reach.end(new Error('refused'));
    await turn();
    expect(sent).toEqual(['get']);
    reach.connect();
    void send('set');
    await turn();
    expect(sent).toEqual(['get']);
    reach.end();
    await turn();
    expect(sent).toEqual(['get', 'set']);
  });

  it('are not sent where their caller has given up meanwhile', async () => {
    const { client, reach, sent, command } = start();
    reach.connect();
    const late = command('get');
    void client.sendCommand(late);
    void client.sendCommand(command('set'));
    late.isSettled = true;
    reach.end();
    await turn();
    expect(sent).toEqual(['set']);
  });

  it.each(['hello', 'auth', 'select', 'client', 'info', 'readonly', 'cluster'])(
    'do not wait where the connection needs them to become ready: %s',
    async (name) => {
      const { reach, sent, send } = start();
      reach.connect();
      await send(name);
      expect(sent).toEqual([name]);
      reach.end();
    },
  );
});

describe('the reach of Redis', () => {
  it('is told when it opens and when it is down, with the reason until it is open again', async () => {
    const reach = new Attempts();
    const told: string[] = [];
    reach.on('open', () => told.push('open')).on('down', () => told.push('down'));
    expect(reach.underWay).toBeUndefined();
    reach.connect();
    const { underWay } = reach;
    reach.connect();
    expect(reach.underWay).toBe(underWay);
    reach.end(new Error('refused'));
    await underWay;
    expect(reach.underWay).toBeUndefined();
    reach.end(undefined);
    expect(reach.reason).toBeUndefined();
    reach.connect();
    reach.end(new Error('refused'));
    expect(reach.reason).toMatchObject({ message: 'refused' });
    expect(told).toEqual(['down', 'open', 'down']);
  });

  it('is down when an attempt takes longer than a call may', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const reach = new Attempts();
    let downs = 0;
    reach.on('down', () => downs++);
    reach.connect();
    await vi.advanceTimersByTimeAsync(900);
    expect(downs).toBe(0);
    await vi.advanceTimersByTimeAsync(400);
    expect(downs).toBe(1);
    expect(reach.underWay).toBeUndefined();
    reach.connect();
    reach.end();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(downs).toBe(1);
  });
});
