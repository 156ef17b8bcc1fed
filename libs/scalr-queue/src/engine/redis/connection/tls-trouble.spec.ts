import type { Redis } from 'ioredis';
import { EventEmitter } from 'node:events';
import { explainTls, stalledHandshake } from './tls-trouble.js';

/** A connection that fares as the test says. */
class Connection extends EventEmitter {
  status = 'wait';
  stream = Object.assign(new EventEmitter(), { connecting: true, bytesRead: 0 });

  constructor(readonly options: { tls?: object }) {
    super();
    explainTls(this as unknown as Redis);
  }

  async connect(): Promise<void> {
    this.status = 'connecting';
    this.emit('connecting');
    await new Promise(setImmediate);
  }

  reach(): void {
    this.stream.connecting = false;
    this.stream.emit('connect');
  }

  /** What a log would say. */
  fail(code: string, status = this.status): string {
    this.status = status;
    const error = Object.assign(new Error(`read ${code}`), { code });
    this.emit('error', error);
    return error.message;
  }
}

const NO_TLS = 'it takes the connection and does not answer in TLS: if this is no TLS port, use redis://';
const TLS = 'it closes the connection before it answers: if this is a TLS port, use rediss://';

describe('a connection with TLS to a port without', () => {
  it('is told by its silence, once the port has taken it', async () => {
    const connection = new Connection({ tls: {} });
    await connection.connect();
    expect(connection.fail('ETIMEDOUT')).toBe('read ETIMEDOUT');
    connection.reach();
    expect(connection.fail('ECONNREFUSED')).toBe('read ECONNREFUSED');
    expect(connection.fail('ETIMEDOUT')).toBe(NO_TLS);
    // The next attempt has reached nobody yet.
    connection.stream.connecting = true;
    await connection.connect();
    expect(connection.fail('ETIMEDOUT')).toBe('read ETIMEDOUT');
    // This one had before anybody looked.
    connection.stream.connecting = false;
    await connection.connect();
    expect(connection.fail('ETIMEDOUT')).toBe(NO_TLS);
  });

  it('is known while the attempt lasts', async () => {
    const connection = new Connection({ tls: {} });
    await connection.connect();
    expect(stalledHandshake(connection)).toBeUndefined();
    connection.reach();
    expect(stalledHandshake(connection)).toBe(NO_TLS);
    connection.status = 'ready';
    expect(stalledHandshake(connection)).toBeUndefined();
    const plain = new Connection({});
    await plain.connect();
    plain.reach();
    expect(stalledHandshake(plain)).toBeUndefined();
    expect(stalledHandshake({ status: 'connecting', options: { tls: {} } } as never)).toBeUndefined();
  });

  it('survives a second error of its socket', async () => {
    const connection = new Connection({ tls: {} });
    await connection.connect();
    expect(() => connection.stream.emit('error', new Error('alert'))).not.toThrow();
  });
});

describe('a connection without TLS to a port with it', () => {
  it('is told by its reset, before anything was read', async () => {
    const connection = new Connection({});
    await connection.connect();
    connection.reach();
    expect(connection.fail('ECONNRESET', 'connect')).toBe(TLS);
    expect(connection.fail('EPIPE', 'connect')).toBe('read EPIPE');
    expect(connection.fail('ECONNRESET', 'ready')).toBe('read ECONNRESET');
    connection.stream.bytesRead = 1;
    expect(connection.fail('ECONNRESET', 'connect')).toBe('read ECONNRESET');
    expect(connection.fail('ETIMEDOUT', 'connect')).toBe('read ETIMEDOUT');
    const encrypted = new Connection({ tls: {} });
    await encrypted.connect();
    expect(encrypted.fail('ECONNRESET', 'connect')).toBe('read ECONNRESET');
  });
});
