import { sharedBehaviours } from '../../../../../test/conformance/shared/shared.behaviours.js';
import { systemClock } from '../../config/clock.js';
import { MemorySharedEngine } from './memory.shared-engine.js';

describe('memory', () => {
  sharedBehaviours(async () => {
    let time = Date.UTC(2026, 0, 1);
    const engine = new MemorySharedEngine({ clock: { ...systemClock, now: () => time }, works: true });
    return { engine, pass: async (ms) => void (time += ms) };
  });

  it('refuses while the queue is down, as the test wants it', async () => {
    const engine = new MemorySharedEngine({ clock: systemClock, works: false });
    await expect(engine.limits.list()).rejects.toThrow('simulated by the test');
    await expect(engine.locks.list()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
    await expect(engine.casts.append('a', '1')).rejects.toThrow('not reachable');
  });
});
