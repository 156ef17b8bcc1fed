import { added, jobOf, stateOf } from '../../../../../test/conformance/engine/engine.js';
import { HookLog } from '../../../../../test/conformance/engine/engine-worker.js';
import { workerBehaviours } from '../../../../../test/conformance/engine/worker.behaviours.js';
import { resolveOptions } from '../../config/resolved-options.js';
import { MemoryEngine } from './memory.engine.js';
import { MemoryWorkerEngine } from './memory.worker-engine.js';

describe('workers in the memory of a process', () => {
  const make = async () => {
    const app = resolveOptions({ app: 'test', redis: 'redis://none.invalid' });
    const engine = new MemoryEngine(app);
    return { engine, workers: new MemoryWorkerEngine(engine, app) };
  };

  it('take nothing once the drain has begun, though they are not closed yet', async () => {
    const { engine, workers } = await make();
    const hooks = new HookLog();
    const worker = workers.worker('mail', async () => null, {}, hooks);
    worker.start();
    hooks.beginDrain();
    const [job] = await added(engine, jobOf());
    await new Promise(setImmediate);
    expect(await stateOf(engine, job!)).toBe('waiting');
    await worker.close();
  });

  // Nothing but the worker itself reaches the jobs that it runs.
  workerBehaviours(make, { accidents: false });
});
