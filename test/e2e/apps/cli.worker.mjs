import 'reflect-metadata';
import { defineJob, ProcessJob, Scheduled, ScalrQueueModule } from 'scalr-queue';
import { runWorker } from 'scalr-queue/worker';
import { decorate } from './held.mjs';

const Send = defineJob('mail.send', { queue: 'mail', retry: false });
const Hold = defineJob('hold', { queue: 'slow' });
const Nightly = defineJob('nightly', { queue: 'slow' });

/** Jobs that fail in ways that terminals do not like, that run until they are cancelled, and that come by the clock. */
class Processor {
  async send({ to }, ctx) {
    await ctx.log(`sending to ${to}\u001b[2J`);
    throw new TypeError(`no mailbox \u001b]0;owned\u0007 for ${to}, password=hunter2`);
  }

  async hold(_payload, ctx) {
    await ctx.progress(40);
    await new Promise((_resolve, reject) => {
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason));
    });
  }

  async nightly() {
    return { swept: 3 };
  }
}

decorate(Processor, 'send', ProcessJob(Send));
decorate(Processor, 'hold', ProcessJob(Hold));
decorate(Processor, 'nightly', ProcessJob(Nightly));
decorate(Processor, 'nightly', Scheduled({ cron: '0 3 * * *', tz: 'Europe/Madrid' }));

class WorkerModule {}

await runWorker({ module: WorkerModule, imports: [ScalrQueueModule.forRoot()], providers: [Processor] });
