import { randomUUID } from 'node:crypto';
import type {
  CastListener,
  LockCall,
  SharedEngine,
} from '../../../libs/scalr-queue/src/engine/shared.engine.js';
import { eventually } from '../../support/eventually.js';

/** An engine for one test, with an app of its own, and its time. */
export interface MadeShared {
  readonly engine: SharedEngine;
  /** Lets so much of the engine's time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

const lockOf = (part: Partial<LockCall> = {}): LockCall => ({
  name: 'rebuild',
  token: randomUUID(),
  lease: 900,
  who: 'web a:1',
  waits: false,
  ...part,
});

/** Of its locks. */
export function lockBehaviours(make: () => Promise<MadeShared>): void {
  describe('a lock', () => {
    it('has one holder, and a fence that grows with each', async () => {
      const { engine, pass } = await make();
      const [one, two] = [lockOf(), lockOf({ who: 'web b:2', waits: true })];
      const first = await engine.locks.acquire(one);
      expect(first).toEqual({ fence: expect.any(Number) as number });
      const denied = await engine.locks.acquire(two);
      expect('heldFor' in denied && denied.heldFor > 0 && denied.heldFor <= 900).toBe(true);
      expect(await engine.locks.list()).toEqual([
        {
          name: 'rebuild',
          holder: 'web a:1',
          ...first,
          heldFor: expect.any(Number) as number,
          expiresIn: expect.any(Number) as number,
          waiters: ['web b:2'],
        },
      ]);
      await engine.locks.release(one);
      expect(await engine.locks.list()).toEqual([]);
      const second = await engine.locks.acquire(two);
      await pass(950);
      const third = await engine.locks.acquire(one);
      const fences = [first, second, third].map((got) => ('fence' in got ? got.fence : 0));
      expect(fences).toEqual([...new Set(fences)].toSorted((a, b) => a - b));
      expect(fences.every((fence) => Number.isSafeInteger(fence) && fence > 0)).toBe(true);
    });

    it('is kept by renewing it, and lost when its lease has ended', async () => {
      const { engine, pass } = await make();
      const [one, two] = [lockOf(), lockOf()];
      await engine.locks.acquire(one);
      await pass(600);
      expect(await engine.locks.renew(one)).toBe(true);
      await pass(600);
      expect('heldFor' in (await engine.locks.acquire(two))).toBe(true);
      await pass(450);
      expect(await engine.locks.renew(one)).toBe(false);
      expect('fence' in (await engine.locks.acquire(two))).toBe(true);
      expect(await engine.locks.renew(one)).toBe(false);
      // Of another's lock it gives nothing back.
      await engine.locks.release(one);
      expect('heldFor' in (await engine.locks.acquire(one))).toBe(true);
    });
  });
}

/** Of what is said to all processes. */
export function castBehaviours(make: () => Promise<MadeShared>): void {
  describe('a cast', () => {
    it('is heard by all who listen, in order, until they stop', async () => {
      const { engine } = await make();
      await engine.casts.append('price', '0');
      const [one, two] = [hearing(), hearing()];
      const first = engine.casts.listen(one.listener);
      const second = engine.casts.listen(two.listener);
      await Promise.all([first.listening, second.listening]);
      await engine.casts.append('price', '{"a":1}');
      await engine.casts.append('other', '2');
      await eventually(() => {
        expect(one.heard).toEqual(['price {"a":1}', 'other 2']);
        expect(two.heard).toEqual(one.heard);
      });
      first.stop();
      await engine.casts.append('price', '3');
      await eventually(() => expect(two.heard).toHaveLength(3));
      expect(one.heard).toHaveLength(2);
      second.stop();
    });
  });
}

function hearing() {
  const heard: string[] = [];
  const listener: CastListener = {
    cast: async (event, text) => void heard.push(`${event} ${text}`),
    gap: async (missed) => void heard.push(`gap ${missed}`),
  };
  return { heard, listener };
}
