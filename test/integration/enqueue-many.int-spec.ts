import { defineJob } from 'scalr-queue';
import { z } from 'zod';
import { startProducer } from '../support/apps.js';

const Note = defineJob<{ n: number }>('note');

describe('enqueueMany', () => {
  it('takes all of a source, in order, also what is left after the last whole slice', async () => {
    const { queue, jobs } = await startProducer({});
    function* source() {
      for (let n = 0; n < 128; n++) yield { payload: { n }, options: { id: `note-${n}` } };
    }
    const ids = Array.from({ length: 128 }, (_, n) => `note-${n}`);
    expect((await queue.enqueueMany(Note, source())).map(({ id }) => id)).toEqual(ids);
    expect(await jobs.get('note-127')).toMatchObject({ state: 'waiting' });
  });

  it('gives each item the options of the call, except those of its own', async () => {
    const { queue, jobs } = await startProducer({});
    const items = [{ n: 0 }, { payload: { n: 1 }, options: { id: 'own', retry: { attempts: 7 } } }];
    const [plain, own] = await queue.enqueueMany(Note, items, { delay: '1h', retry: { attempts: 3 } });
    expect(await jobs.get(plain!.id)).toMatchObject({ state: 'delayed', maxAttempts: 3 });
    expect(await jobs.get(own!.id)).toMatchObject({ state: 'delayed', maxAttempts: 7 });
  });

  it.each(['an array', 'an iterable'])('waits for a schema that takes its time, of %s', async (kind) => {
    const { queue, jobs } = await startProducer({});
    const n = z.number().refine(async (value) => value < 10, 'too many');
    const Checked = defineJob('checked', { payload: z.object({ n }) });
    const items = (...numbers: number[]) => {
      const list = numbers.map((value) => ({ payload: { n: value }, options: { id: `note-${value}` } }));
      return kind === 'an array' ? list : list.values();
    };
    const enqueued = await queue.enqueueMany(Checked, items(1, 2));
    expect(enqueued.map(({ id }) => id)).toEqual(['note-1', 'note-2']);
    expect(await jobs.get('note-2')).toMatchObject({ state: 'waiting' });
    await expect(queue.enqueueMany(Checked, items(3, 11))).rejects.toMatchObject({
      code: 'PAYLOAD_INVALID',
      message: expect.stringContaining('item 1 of enqueueMany'),
    });
  });
});
