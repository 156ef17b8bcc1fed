import { LoginDelay } from './login.delay.js';

/** A delay whose waits pass at once, and what they came to. */
function simulated() {
  let clock = 0;
  const waits: number[] = [];
  const delay = new LoginDelay(
    () => clock,
    async (time) => {
      waits.push(time);
      clock += time;
    },
  );
  const fail = async (address: string, count: number) => {
    for (let number = 0; number < count; number++) {
      if (!(await delay.admit(address, `guess ${number}`)).admitted) return number;
      delay.failed(address);
    }
    return count;
  };
  return { delay, waits, fail, pass: (time: number) => (clock += time) };
}

it('doubles the wait with each failure, and refuses what would wait too long', async () => {
  const { waits, fail, delay, pass } = simulated();
  expect(await fail('192.0.2.1', 20)).toBe(8);
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000]);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: false, retryIn: 8_000 });
  expect(await delay.admit('192.0.2.2', 'right')).toEqual({ admitted: true });
  pass(16 * 60_000);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: true });
});

it('lets those in who were in before', async () => {
  const { delay, fail } = simulated();
  delay.succeeded('192.0.2.1', 'right');
  await fail('192.0.2.1', 20);
  expect(await delay.admit('192.0.2.1', 'right')).toEqual({ admitted: true });
  expect((await delay.admit('192.0.2.1', 'another')).admitted).toBe(false);
});

it('takes the addresses of a subscriber for one', async () => {
  const { delay, fail } = simulated();
  await fail('2001:db8:1:2::1', 20);
  expect((await delay.admit('2001:db8:1:2:ffff::9', 'x')).admitted).toBe(false);
  expect((await delay.admit('2001:db8:1:3::1', 'x')).admitted).toBe(true);
  await fail('::ffff:192.0.2.7', 20);
  expect((await delay.admit('192.0.2.7', 'x')).admitted).toBe(false);
  expect((await delay.admit('::ffff:192.0.2.8', 'x')).admitted).toBe(true);
});
