import { QueueFullError } from '../../../libs/scalr-queue/src/contract/errors/enqueue.errors.js';
import type { QueueEngine } from '../../../libs/scalr-queue/src/engine/queue.engine.js';
import { appBehaviours } from './app.behaviours.js';
import { deadLetterBehaviours } from './dead-letter.behaviours.js';
import { AskedOf, type MakeEngine } from './engine.js';
import { finishedBehaviours } from './finished.behaviours.js';
import { jobBehaviours } from './job.behaviours.js';
import { redriveBehaviours } from './redrive.behaviours.js';
import { scheduleBehaviours } from './schedule.behaviours.js';

/** What every engine has to do, operation by operation: the specification of QueueEngine. */
export function engineBehaviours(make: MakeEngine): void {
  const asked = new AskedOf<QueueEngine>('QueueEngine');
  const makeEngine: MakeEngine = async (queues) => asked.note(await make(queues));

  describe('an engine', () => {
    it('is ready once it can be used, says so to who listens, and needs no wait then', async () => {
      const engine = await makeEngine();
      const stop = engine.onReady(() => undefined);
      await engine.usable('read');
      expect(engine.ready).toBe(true);
      expect(engine.usable()).toBeUndefined();
      expect(await engine.answers()).toBe(true);
      await engine.untilFit('producer', AbortSignal.timeout(10_000));
      expect(engine.fit).toBe(true);
      expect(engine.damaged).toEqual([]);
      const server = await engine.serverState();
      if (server) expect(server).toMatchObject({ maxMemory: 0, durable: true });
      engine.report(new Error('nobody waits for this'));
      stop();
    });

    it('makes errors of the library of its own', async () => {
      const engine = await makeEngine();
      const failure = new Error('Connection is closed.');
      expect(await engine.readError(failure)).toBeInstanceOf(Error);
      const own = new QueueFullError('full');
      expect([await engine.readError(own), await engine.enqueueError(own, ['one'])]).toEqual([own, own]);
      expect(engine.isInDoubt(own)).toBe(false);
      // Only an engine with a server can have sent what nobody answered.
      const served = (await engine.serverState()) !== undefined;
      expect(engine.isInDoubt(failure)).toBe(served);
      const inDoubt = { code: 'OUTCOME_UNKNOWN', jobIds: ['one'] };
      expect(await engine.enqueueError(failure, ['one'])).toMatchObject(
        served ? inDoubt : { message: failure.message },
      );
    });
  });

  jobBehaviours(makeEngine);
  deadLetterBehaviours(makeEngine);
  redriveBehaviours(makeEngine);
  appBehaviours(makeEngine);
  scheduleBehaviours(makeEngine);
  finishedBehaviours(makeEngine);

  it('is asked for everything that the seam declares', () => {
    expect(asked.unused()).toEqual([]);
  });
}
