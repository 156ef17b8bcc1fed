import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { defineJob, ProcessJob } from 'scalr-queue';
import { startBoth } from '../support/apps.js';
import { eventually } from '../support/eventually.js';

// The threads run JavaScript and so the built library: `nest build scalr-queue` first, as `npm test` does.

const Act = defineJob<{ act: string; file?: string }>('act');

@Injectable()
class Acts {
  @ProcessJob(Act, { thread: new URL('./threads/act.mjs', import.meta.url) })
  act(output: unknown) {
    return output;
  }
}

describe('a job in a thread', () => {
  it('does its effects once, and goes on with its list, over failed attempts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'scalr-threads-'));
    onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 5 }));
    const file = join(folder, 'effects');
    const { queue, jobs } = await startBoth({ providers: [Acts] });

    const { id } = await queue.enqueue(Act, { act: 'effects', file }, { retry: { attempts: 3, delay: 10 } });
    await eventually(async () => expect((await jobs.get(id))?.state).toBe('completed'));

    expect(readFileSync(file, 'utf8').split('\n')).toEqual(['charge', 'a', 'b', 'b', 'c', '']);
    expect(await jobs.get(id)).toMatchObject({
      attempt: 3,
      result: { idempotencyKey: expect.any(String) as string },
      items: [{ name: 'letters', done: 3, left: 0, ended: true }],
    });
  });

  it('has no transaction, and says what to do instead', async () => {
    const { queue, jobs } = await startBoth({ providers: [Acts] });
    const { id } = await queue.enqueue(Act, { act: 'transaction' }, { retry: false });
    await eventually(async () =>
      expect((await jobs.get(id))?.error?.message).toBe(
        'ctx.tx is not there in a thread: return what is to be written, and write it in the method marked with @ProcessJob, which gets it',
      ),
    );
  });
});
