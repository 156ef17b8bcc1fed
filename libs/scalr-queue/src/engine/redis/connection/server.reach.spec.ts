import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import { ServerReach } from './server.reach.js';

/** A connection, as far as its reach looks at it, that fares as the test says. */
class Connection extends EventEmitter {
  status = 'connecting';
  stream = { writable: false };

  fare(status: string, event: string, ...args: unknown[]): void {
    this.status = status;
    this.stream.writable = status === 'ready';
    this.emit(event, ...args);
  }
}

function start() {
  const connection = new Connection();
  const reach = new ServerReach(connection as unknown as Redis);
  const told: string[] = [];
  reach.on('open', () => told.push('open')).on('down', () => told.push('down'));
  onTestFinished(() => connection.fare('end', 'end'));
  return { connection, reach, told };
}

describe('the reach of one server', () => {
  it('is an attempt from the beginning, and open once the connection is ready', async () => {
    const { connection, reach, told } = start();
    const { underWay } = reach;
    expect(underWay).toBeDefined();
    expect(reach.open).toBe(false);
    connection.fare('ready', 'ready');
    await underWay;
    expect(reach.open).toBe(true);
    expect(reach.underWay).toBeUndefined();
    expect(told).toEqual(['open']);
  });

  it('is an attempt again when a connection that was there is cut, and down when that attempt fails', async () => {
    const { connection, reach, told } = start();
    connection.fare('ready', 'ready');
    // Its error comes before its close.
    connection.fare('ready', 'error', new Error('read ECONNRESET'));
    expect(told).toEqual(['open']);
    connection.fare('close', 'close');
    const { underWay } = reach;
    expect(underWay).toBeDefined();
    expect(told).toEqual(['open']);
    connection.fare('reconnecting', 'error', new Error('connect ECONNREFUSED'));
    await underWay;
    expect(reach.underWay).toBeUndefined();
    connection.fare('reconnecting', 'close');
    expect(told).toEqual(['open', 'down', 'down']);
    connection.fare('ready', 'ready');
    expect(told.at(-1)).toBe('open');
  });

  it('is an attempt as soon as the socket has ended, before the client hears of it', () => {
    const { connection, reach, told } = start();
    connection.fare('ready', 'ready');
    expect(reach.underWay).toBeUndefined();
    connection.stream.writable = false;
    expect(reach.open).toBe(false);
    expect(reach.underWay).toBeDefined();
    expect(told).toEqual(['open']);
  });

  it('is down at the end, and no attempt is under way any more', async () => {
    const { connection, reach, told } = start();
    connection.fare('ready', 'ready');
    connection.fare('close', 'close');
    const { underWay } = reach;
    connection.fare('end', 'end');
    expect(told).toEqual(['open', 'down']);
    await underWay;
    expect(reach.open).toBe(false);
    expect(reach.underWay).toBeUndefined();
  });
});
