import { QueueUnavailableError } from '../contract/errors/enqueue.errors.js';
import { Turns } from './turns.js';

describe('turns', () => {
  it('lets a few calls be made at a time, and all of them in the end', async () => {
    const turns = new Turns(3);
    let [together, most] = [0, 0];
    const call = async (n: number) => {
      most = Math.max(most, ++together);
      await new Promise(setImmediate);
      together--;
      if (n === 5) throw new Error('its own failure');
      return n;
    };
    const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => turns.take(() => call(n))));
    expect(most).toBe(3);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(19);
  });

  it('refuse all in line when Redis does not answer, and go on with what comes later', async () => {
    const turns = new Turns(1);
    const calls: number[] = [];
    const fails = (n: number) => async () => {
      calls.push(n);
      throw new QueueUnavailableError('gone');
    };
    const settled = await Promise.allSettled([1, 2, 3].map((n) => turns.take(fails(n))));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(calls).toEqual([1]);
    expect(await turns.take(async () => 'there again')).toBe('there again');
  });
});
