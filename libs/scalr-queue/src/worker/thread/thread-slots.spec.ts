import { ThreadSlots } from './thread-slots.js';

const never = new AbortController().signal;

describe('the slots of a pool', () => {
  it('let so many in, and the others in the order they came', async () => {
    const slots = new ThreadSlots(2);
    const order: string[] = [];
    const take = async (name: string) => {
      await slots.take(never);
      order.push(name);
    };
    const all = ['a', 'b', 'c', 'd'].map(take);
    await Promise.all(all.slice(0, 2));
    expect(order).toEqual(['a', 'b']);
    slots.release();
    await all[2];
    expect(order).toEqual(['a', 'b', 'c']);
    slots.release();
    await all[3];
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  it('forget who leaves the line', async () => {
    const slots = new ThreadSlots(1);
    await slots.take(never);
    const impatient = new AbortController();
    const gone = slots.take(impatient.signal);
    const next = slots.take(never);
    impatient.abort(new Error('cancelled'));
    await expect(gone).rejects.toThrow('cancelled');
    slots.release();
    await next;
  });

  it('are not for one who is aborted already, and stay free', async () => {
    const slots = new ThreadSlots(1);
    await expect(slots.take(AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    await slots.take(never);
  });
});
