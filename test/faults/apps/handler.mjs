import { ProcessJob, Scheduled } from 'scalr-queue';
import { behaviours } from './behaviours.mjs';
import { config, decorate, Newer, note, Task } from './contract.mjs';

/** Writes to the ledger when it starts and when it ends, then does what the payload says. */
export class Handler {
  async run(payload, ctx) {
    const line = (what, ...more) =>
      note(config.ledger, what, ctx.id, process.pid, ctx.attempt, Date.now(), ...more);
    line('start', ctx.scheduledFor?.getTime() ?? '-');
    ctx.signal.addEventListener('abort', () => line('abort', ctx.signal.reason.name));
    const result = await behaviours[payload?.do ?? 'hold'](payload ?? {}, ctx);
    line('finish');
    return result;
  }
}
decorate(Handler, 'run', ProcessJob(Task));
if (config.newer) decorate(Handler, 'run', ProcessJob(Newer));
for (const schedule of config.schedules ?? []) decorate(Handler, 'run', Scheduled(schedule));
