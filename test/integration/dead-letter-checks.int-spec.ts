import { DeadLetterService, QueuesService } from 'scalr-queue';
import { startProducer } from '../support/apps.js';

describe('the dead letters', () => {
  it('of a queue that does not exist are none, and asking does not make the queue', async () => {
    const { get } = await startProducer({});
    expect(await get(DeadLetterService).count({ queue: 'misspelled' })).toBe(0);
    expect((await get(DeadLetterService).list({ queue: 'misspelled' })).jobs).toEqual([]);
    expect((await get(QueuesService).list()).map(({ name }) => name)).toEqual([]);
  });

  it.each([
    [{ signal: {} }, /expected signal to be an AbortSignal/],
    [{ onProgress: 'loud' }, /expected onProgress to be a function/],
    [{ dryrun: true }, /unknown option "dryrun".*did you mean "dryRun"/],
    [{ limit: 1.5 }, /expected limit to be an integer/],
    [{ cursor: 7 }, /expected cursor/],
    ['all', /expected the options to be an object/],
  ])('refuse the wrong option %j before anything is asked', async (options, message) => {
    const { get } = await startProducer({});
    await expect(get(DeadLetterService).retry({}, options as never)).rejects.toThrow(message);
    await expect(get(DeadLetterService).delete('some-id', options as never)).rejects.toThrow(message);
  });

  it.each([
    [{ definiton: 'x' }, /unknown option "definiton".*did you mean "definition"/],
    [{ reason: 'bored' }, /expected filter.reason to be one of "attempts", "discarded"/],
    [{ error: '' }, /expected filter.error to be a string of 1 to 1000 characters/],
    [{ after: 'yesterday' }, /expected filter.after to be a valid Date/],
    [{ before: new Date(NaN) }, /expected filter.before to be a valid Date/],
    [{ definition: 'a:b' }, /expected filter.definition to be/],
    [{ queue: 'a:b' }, /expected filter.queue/],
  ])('refuse the wrong filter %j before anything is asked', async (filter, message) => {
    const { get } = await startProducer({});
    const dead = get(DeadLetterService);
    await expect(dead.list(filter as never)).rejects.toThrow(message);
    await expect(dead.retry(filter as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(dead.list({}, { limit: 0 })).rejects.toThrow(
      /expected limit to be an integer from 1 to 1000/,
    );
    await expect(dead.list({}, { cursor: 'nonsense' })).rejects.toThrow(/expected cursor/);
  });
});
