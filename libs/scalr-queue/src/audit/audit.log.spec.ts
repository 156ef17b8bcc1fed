import { onTestFinished } from 'vitest';
import { resolveOptions } from '../config/resolved-options.js';
import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { MemoryEngine } from '../engine/memory/memory.engine.js';
import { AuditLog } from './audit.log.js';

const act = { action: 'dead.retry', what: { queue: 'mail' }, options: { by: 'ada' } } as const;

function makeLog() {
  const app = resolveOptions({ app: 'test', redis: 'redis://none.invalid' });
  const engine = new MemoryEngine(app);
  const entries = async () => (await engine.audit.page(10)).map(({ text }) => JSON.parse(text) as object);
  return { engine, entries, log: new AuditLog(engine, app) };
}

describe('AuditLog', () => {
  it('keeps what was done where its entry cannot be written, and reports that', async () => {
    const { engine, log } = makeLog();
    const refusal = new Error("NOPERM this user has no permissions to run the 'xadd' command");
    engine.audit.append = () => Promise.reject(refusal);
    const report = vi.spyOn(engine, 'report');
    expect(await log.run(act, async () => 'done')).toBe('done');
    expect(report).toHaveBeenCalledExactlyOnceWith(refusal);
  });

  it('waits for no entry for longer than a second', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { engine, log } = makeLog();
    engine.audit.append = () => new Promise(() => undefined);
    let isDone = false;
    const acting = (async () => {
      await log.run(act, async () => undefined);
      isDone = true;
    })();
    await vi.advanceTimersByTimeAsync(900);
    expect(isDone).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(isDone).toBe(true);
    await acting;
  });

  it('tells what ended an act that failed', async () => {
    const { entries, log } = makeLog();
    const failure = new QueueUnavailableError('Redis did not answer');
    await expect(log.run(act, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await entries()).toMatchObject([{ by: 'ada', action: 'dead.retry', error: failure.code }]);
  });

  it.each([{ by: 7 }, { by: ' ' }, { by: 'x'.repeat(101) }, { via: 'mail' }])(
    'lets nobody act as %j',
    async (options) => {
      const { entries, log } = makeLog();
      const work = vi.fn<() => Promise<void>>();
      await expect(log.run({ ...act, options }, work)).rejects.toThrow(/^expected (by|via) to be /);
      expect(work).not.toHaveBeenCalled();
      expect(await entries()).toEqual([]);
    },
  );
});
