import { Injectable } from '@nestjs/common';
import { defineJob, ProcessJob } from 'scalr-queue';
import { startProducer, startWorker, uniqueApp } from '../support/apps.js';
import { eventually } from '../support/eventually.js';
import { RedisServer } from '../support/redis.js';
import { pause } from '../faults/harness/pause.js';
import { TcpProxy } from '../faults/harness/proxy.js';

const Work = defineJob<object, string>('work');

@Injectable()
class WorkProcessor {
  @ProcessJob(Work)
  run() {
    return 'done';
  }
}

describe('a worker that boots while Redis begins to refuse', () => {
  it('takes jobs as soon as Redis is well again', async () => {
    await using redis = await RedisServer.start({ args: ['--lua-time-limit', '20'] });
    const proxy = await TcpProxy.start(redis.port);
    onTestFinished(() => proxy.close());
    // Slow, so that the script below comes between the ready check of the connection that blocks and the engine's own INFO.
    proxy.delay = 200;
    const app = uniqueApp();
    const booting = startWorker({ app, redis: proxy.url, providers: [WorkProcessor] });
    const queueName = Buffer.from('default').toString('base64');
    const passedReadyCheck = new RegExp(`name=scalr:{${app}}:${queueName}\\S* .*cmd=info`);
    await eventually(async () => expect(await redis.cli('client', 'list')).toMatch(passedReadyCheck));
    const endless = redis.cli('eval', 'while true do end', '0').catch(() => 'killed');
    await eventually(async () => expect(await redis.cli('ping').catch(String)).toMatch(/BUSY/));
    // The question is on its way, and cannot be seen before the answer is there.
    await pause(1_000);
    await redis.cli('script', 'kill');
    expect(await endless).toBe('killed');
    expect(await redis.cli('info', 'commandstats')).toMatch(/cmdstat_info:.*rejected_calls=[1-9]/);
    proxy.delay = 0;
    await booting;
    const { queue, jobs } = await startProducer({ app, redis: redis.url });
    const job = await queue.enqueue(Work, {});
    expect(await jobs.waitFor(job, { timeout: '10s' })).toBe('done');
  });
});
