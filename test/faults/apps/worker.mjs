import { Newer, config, decorate, note, rootModule, Task } from './contract.mjs';
import { behaviours } from './behaviours.mjs';
import { ProcessJob } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';

/** Writes to the ledger when it starts and when it ends, then does what the payload says. */
class Handler {
  async run(payload, ctx) {
    const line = (what, ...more) =>
      note(config.ledger, what, ctx.id, process.pid, ctx.attempt, Date.now(), ...more);
    line('start');
    ctx.signal.addEventListener('abort', () => line('abort', ctx.signal.reason.name));
    const result = await behaviours[payload?.do ?? 'hold'](payload ?? {}, ctx);
    line('finish');
    return result;
  }
}
decorate(Handler, 'run', ProcessJob(Task));
if (config.newer) decorate(Handler, 'run', ProcessJob(Newer));

class Database {
  onModuleDestroy() {
    note(config.ledger, 'database-closed', '-', process.pid, 0, Date.now());
  }
}

await runWorker(rootModule([Handler, Database]), { port: config.port, ...config.run });
