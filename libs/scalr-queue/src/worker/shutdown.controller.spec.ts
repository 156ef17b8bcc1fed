import { ShutdownController } from './shutdown.controller.js';

describe('the shutdown of a worker', () => {
  it('begins, and then runs out of time, which each running job hears', () => {
    const shutdown = new ShutdownController();
    const warnings = vi.spyOn(process, 'emitWarning');
    onTestFinished(() => warnings.mockRestore());
    const heard: string[] = [];
    for (let job = 0; job < 50; job++) {
      shutdown.drainSignal.addEventListener('abort', () => heard.push('drain'), { once: true });
      shutdown.forceSignal.addEventListener('abort', () => heard.push('force'), { once: true });
    }
    expect(warnings).not.toHaveBeenCalled();
    expect(shutdown.draining).toBe(false);
    shutdown.drain();
    expect(shutdown.draining).toBe(true);
    expect(heard).toEqual(Array.from({ length: 50 }, () => 'drain'));
    expect(shutdown.forceSignal.aborted).toBe(false);
    shutdown.force();
    expect(heard.slice(50)).toEqual(Array.from({ length: 50 }, () => 'force'));
    expect(shutdown.forceSignal.reason).toMatchObject({ name: 'WorkerShutdownError' });
  });

  it('counts the runs that end while it waits for them, not those before and after', () => {
    const shutdown = new ShutdownController();
    shutdown.countEnd({});
    expect(shutdown.summary).toEqual({ finished: 0, released: 0, abandoned: 0 });
    shutdown.drain();
    shutdown.countEnd({});
    shutdown.force();
    shutdown.countEnd({});
    expect(shutdown.summary).toEqual({ finished: 1, released: 0, abandoned: 0 });
  });

  it('counts a job once, as what became of it in the end', () => {
    const shutdown = new ShutdownController();
    const [lost, back, quick] = [{}, {}, {}];
    shutdown.drain();
    for (const job of [lost, back]) shutdown.countEnd(job);
    for (const job of [lost, lost, back]) shutdown.countAbandoned(job);
    expect(shutdown.summary).toEqual({ finished: 0, released: 0, abandoned: 2 });
    for (const job of [back, quick]) shutdown.countReleased(job);
    expect(shutdown.summary).toEqual({ finished: 0, released: 2, abandoned: 1 });
  });
});
