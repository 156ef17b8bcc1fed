import { Logger } from '@nestjs/common';
import { freePort } from '../../../../../../test/support/ports.js';
import { resolveOptions } from '../../../config/resolved-options.js';
import { QueueClosedError, QueueUnavailableError } from '../../../contract/errors/enqueue.errors.js';
import { RedisConnections } from './redis.connections.js';

/** The connections of an app to where no Redis is, and what they warn of. */
async function connectToNothing() {
  const warnings: string[] = [];
  const address = `127.0.0.1:${await freePort()}`;
  const spy = vi
    .spyOn(Logger.prototype, 'warn')
    // Those of other files that still shut down are none of it.
    .mockImplementation((line) => void (String(line).includes(address) && warnings.push(String(line))));
  const connections = new RedisConnections(resolveOptions({ app: 'shop', redis: `redis://${address}` }, {}));
  onTestFinished(async () => {
    await connections.onApplicationShutdown();
    spy.mockRestore();
  });
  return { connections, address, warnings };
}

describe('the connections of an app without a Redis', () => {
  it('are waited for while the first attempt is under way, and refuse at once after that', async () => {
    const { connections, address } = await connectToNothing();
    const reason = `Redis at ${address} is not reachable: connect ECONNREFUSED ${address}`;
    const [enqueue, read] = [connections.usable(), connections.usable('read')];
    await expect(enqueue).rejects.toThrow(
      new QueueUnavailableError(`${reason}. Nothing was enqueued; it is safe to try again.`),
    );
    await expect(read).rejects.toThrow(new QueueUnavailableError(reason));
    await connections.tried();
    expect(() => connections.usable()).toThrow(QueueUnavailableError);
    expect(connections.ready).toBe(false);
  });

  it('tell of it, once', async () => {
    const { connections, address, warnings } = await connectToNothing();
    connections.worker();
    await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 20_000 });
    expect(warnings[0]).toContain(`${address}: connect ECONNREFUSED`);
    await connections.onApplicationShutdown();
    expect(warnings).toHaveLength(1);
  });

  it('say that the application shuts down once it does, and keep nobody waiting', async () => {
    const { connections } = await connectToNothing();
    const ready = connections.whenReady();
    await connections.onApplicationShutdown();
    await ready;
    await connections.whenReady();
    expect(() => connections.usable()).toThrow(
      new QueueClosedError('nothing can be enqueued any more: the application is shutting down'),
    );
    expect(() => connections.usable('read')).toThrow(
      new QueueClosedError('the queue is closed: the application is shutting down'),
    );
    const late = connections.worker();
    onTestFinished(() => late.disconnect());
    await vi.waitFor(() => expect(late.status).toBe('end'), { timeout: 20_000 });
  });
});
