import { Injectable, Scope } from '@nestjs/common';
import { Leader, type OnElected, SharedRedis, type Term } from 'scalr-queue/shared';
import { startProducer, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';

interface Office {
  readonly fence: number;
  readonly signal: AbortSignal;
}

function candidate(offices: Office[], work: (signal: AbortSignal) => unknown = () => undefined) {
  @Injectable()
  @Leader('reconciler', { lease: '3s' })
  class Reconciler implements OnElected {
    onElected(signal: AbortSignal, { fence }: Term) {
      offices.push({ fence, signal });
      return work(signal);
    }
  }
  return Reconciler;
}

describe('a leader', () => {
  it('is one of all processes, and followed by another at its shutdown', async () => {
    const app = uniqueApp();
    const [one, two]: [Office[], Office[]] = [[], []];
    const first = await startProducer({ app, providers: [candidate(one)] });
    await eventually(() => expect(one).toHaveLength(1));
    const second = await startProducer({ app, providers: [candidate(two)] });
    await eventually(async () => {
      const [office] = await second.get(SharedRedis).locks();
      expect(office).toMatchObject({ name: 'leader:reconciler', fence: one[0]!.fence });
      expect(office!.waiters).toHaveLength(1);
    });
    expect(two).toEqual([]);
    expect(one[0]!.signal.aborted).toBe(false);
    await first.context.close();
    expect(one[0]!.signal.reason).toMatchObject({ code: 'QUEUE_CLOSED' });
    await eventually(() => expect(two).toHaveLength(1), { timeout: 20_000 });
    expect(two[0]!.fence).toBeGreaterThan(one[0]!.fence);
  });

  it('stands down when its work fails, and is elected again', async () => {
    const offices: Office[] = [];
    const failing = candidate(offices, () => {
      if (offices.length === 1) throw new Error('failed');
    });
    await startProducer({ app: uniqueApp(), providers: [failing] });
    await eventually(() => expect(offices).toHaveLength(2), { timeout: 20_000 });
    expect(offices[0]!.signal.aborted).toBe(true);
    expect(offices[1]!.signal.aborted).toBe(false);
  });

  it('has its signal aborted while Redis is away, and is elected again when it is back', async () => {
    await using server = await RedisServer.start();
    const offices: Office[] = [];
    await startProducer({ app: uniqueApp(), redis: server.url, providers: [candidate(offices)] });
    await eventually(() => expect(offices).toHaveLength(1));
    await server.kill();
    await eventually(() => expect(offices[0]!.signal.aborted).toBe(true));
    expect(offices[0]!.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    await server.restart();
    await eventually(() => expect(offices).toHaveLength(2), { timeout: 30_000 });
    expect(offices[1]!.fence).toBeGreaterThan(offices[0]!.fence);
  });

  it('is refused where nobody would call it', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @Leader('reconciler')
    class PerRequest {
      onElected() {}
    }
    await expect(startProducer({ providers: [PerRequest] })).rejects.toThrow(
      '@Leader(reconciler) of PerRequest would never be called',
    );
    await expect(startProducer({ providers: [candidate([]), candidate([])] })).rejects.toThrow(
      'two leaders "reconciler" in one process',
    );
  });
});
